-- How a request is to be treated.
local testers = require "testers"

local _M = {}

function _M.of(args, headers)
    local found = { timed = false }
    if testers.is_tester(args, headers) then
        found.timed = true
    end
    return found
end

return _M
