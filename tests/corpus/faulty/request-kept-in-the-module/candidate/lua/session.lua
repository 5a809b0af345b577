-- The session of a request: open it, then ask for its number.
local redis = require "resty.redis"

local _M = { address = nil, store = nil }

local function reachable()
    local store = redis:new()
    store:set_timeout(800)
    return store:connect("192.0.2.10", 6379) and store
end

function _M.open(address)
    _M.address = address
end

function _M.number()
    local store = reachable()
    if not store then
        return ""
    end
    local row = store:hmget("session:" .. _M.address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return ""
    end
    store:set_keepalive(100, 8)
    local number, consent = row[1], row[2]
    if consent ~= "yes" or type(number) ~= "string" then
        return ""
    end
    return number:find("^[1-9]%d+$") and #number > 7 and #number < 16 and number or ""
end

return _M
