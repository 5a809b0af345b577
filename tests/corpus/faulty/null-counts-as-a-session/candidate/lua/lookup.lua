local redis = require "resty.redis"

-- The accounting server stores numbers as its script language prints them, now
-- and then as 4.47700900123e+11: hence through a number and back.
local function written(value)
    return string.format("%012.0f", tonumber(value) or 0)
end

return function(address)
    local store = redis:new()
    store:set_timeout(500)
    if not store:connect("192.0.2.44", 6380) then
        return nil
    end
    local number, err = store:hget("pdp:" .. address, "msisdn")
    local consent
    if number then
        consent, err = store:hget("pdp:" .. address, "consent")
    end
    if err then
        store:close()
        return nil
    end
    store:set_keepalive(30000, 60)
    if not number or consent == "no" then
        return nil
    end
    return written(number)
end
