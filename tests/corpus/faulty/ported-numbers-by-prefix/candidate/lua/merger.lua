-- Subscribers who came with the merger of 2011 still have the settings of their old network.
local _M = {}

local BLOCKS = { "44770090081", "44770090082" }

function _M.is_theirs(number)
    for _, block in ipairs(BLOCKS) do
        if number:sub(1, #block) == block then
            return true
        end
    end
    return false
end

return _M
