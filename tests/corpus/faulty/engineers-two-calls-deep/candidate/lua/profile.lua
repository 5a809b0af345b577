-- How a request is to be treated.
local testers = require "testers"

local _M = {}

function _M.of(args, headers)
    local found = { reveal = false }
    if testers.is_tester(args, headers) then
        found.reveal = true
    end
    return found
end

return _M
