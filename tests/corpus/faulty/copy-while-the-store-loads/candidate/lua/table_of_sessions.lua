local redis = require "resty.redis"

local _M = {}

-- What the store said last, by address. Only for the minutes in which it is
-- there but does not know yet ("LOADING Redis is loading the dataset").
local said = {}

local function number_from(row)
    local number, consent = row[1], row[2]
    if consent ~= "yes" or type(number) ~= "string" then
        return ""
    end
    return ngx.re.match(number, "^[1-9][0-9]{7,14}$", "jo") and number or ""
end

function _M.number(address)
    local store = redis:new()
    store:set_timeout(800)
    if not store:connect("192.0.2.10", 6379) then
        said[address] = nil
        return ""
    end
    local row, problem = store:hmget("session:" .. address, "msisdn", "consent")
    -- resty.redis: nil when the connection failed, false when Redis said -ERR.
    if row == nil then
        store:close()
        said[address] = nil
        return ""
    end
    store:set_keepalive(60000, 64)
    if row == false and problem then
        return said[address] or ""
    end
    said[address] = number_from(row)
    return said[address]
end

return _M
