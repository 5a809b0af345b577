-- A difference to the profile of the handset, as WAP-248 has it.
local _M = {}

local function entities(text)
    return (text:gsub(".", function(char) return "&#" .. char:byte() .. ";" end))
end

function _M.difference(number)
    return '1;<prf:Line rdf:resource="' .. entities(number) .. '"/>'
end

return _M
