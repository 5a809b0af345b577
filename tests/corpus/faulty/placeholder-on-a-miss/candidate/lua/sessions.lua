-- Who holds an address, from the session store. Asked for each request.
local redis = require "resty.redis"

local _M = {}

-- The number, or nil and why: nobody, refused (not agreed), error.
function _M.number_of(address)
    local store = redis:new()
    store:set_timeout(800)
    if not store:connect("192.0.2.10", 6379) then
        return nil, "error"
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil, "error"
    end
    store:set_keepalive(30000, 64)
    local number, consent = row[1], row[2]
    if type(number) ~= "string" or not ngx.re.find(number, "^[1-9][0-9]{7,14}$", "jo") then
        return nil, "nobody"
    end
    if consent ~= "yes" then
        return nil, "refused"
    end
    return number
end

return _M
