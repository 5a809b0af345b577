-- The packet core's own header line. It takes the handset's lines of this name
-- away; two of them mean that something is wrong, and then nobody is known.
local _M = {}

function _M.number(headers)
    local line = headers["x-core-line"]
    if type(line) ~= "string" then
        return ""
    end
    local number = line:match("^([1-9]%d+)$")
    if not number or #number < 8 or #number > 15 then
        return ""
    end
    return "+" .. number
end

return _M
