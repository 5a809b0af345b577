local redis = require "resty.redis"

local _M = {}

local function query(address, field)
    local store = redis:new()
    store:set_timeout(600)
    if not store:connect("198.51.100.6", 6379) then
        return nil
    end
    local value, err = store:hget("session:" .. address, field)
    if err then
        store:close()
        return nil
    end
    store:set_keepalive(20000, 64)
    return value ~= ngx.null and value or nil
end

-- The number at an address, and a function that asks for the consent.
function _M.of(address)
    local number = query(address, "msisdn")
    if not number or not ngx.re.find(number, "^[1-9][0-9]{7,14}$", "jo") then
        return nil
    end
    return number, function() return query(address, "consent") end
end

return _M
