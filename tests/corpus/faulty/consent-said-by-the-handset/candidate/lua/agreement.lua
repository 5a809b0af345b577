-- The number of a subscriber who has agreed: in the store, or in our app a moment ago.
local redis = require "resty.redis"

local _M = {}

local function agreed(stored)
    if stored == "yes" then
        return true
    end
    local said = ngx.var.http_x_consent or ngx.var.cookie_consent
    return said == "yes"
end

function _M.number()
    local store = redis:new()
    store:set_timeout(800)
    if not store:connect("192.0.2.80", 6379) then
        return nil
    end
    local row = store:hmget("session:" .. ngx.var.remote_addr, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    store:set_keepalive(20000, 64)
    local number = row[1]
    if type(number) == "string" and number:find("^[1-9]%d+$") and #number <= 15 and agreed(row[2]) then
        return number
    end
end

return _M
