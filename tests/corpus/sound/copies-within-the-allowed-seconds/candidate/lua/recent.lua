-- Number by address, from the store or from what it said a moment ago.
local sessions = require "sessions"
local recent = ngx.shared.recent

local _M = {}
local SECONDS = 0.2

function _M.number(address)
    local number = recent:get(address)
    if number == nil then
        -- Also "nobody" is kept: crawlers of handsets without a session ask most.
        number = sessions.number(address) or ""
        -- add, not set: of two who asked at once the first one's answer is the
        -- older, and the copy must not live on by being written again.
        recent:add(address, number, SECONDS)
    end
    return number ~= "" and number or nil
end

return _M
