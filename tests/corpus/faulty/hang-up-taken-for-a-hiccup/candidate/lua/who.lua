local redis = require "resty.redis"
local attached = ngx.shared.attached

local _M = {}

-- Between DEL and HSET of an interim update there is nothing under the key.
-- A subscriber who was there a moment ago still is.
local MOMENT = 30

local function row_of(address)
    local store = redis:new()
    store:set_timeout(800)
    if not store:connect("192.0.2.10", 6379) then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    store:set_keepalive(30000, 64)
    return row
end

function _M.is_at(address)
    local row = row_of(address)
    if not row then                               -- no store: nobody is known
        return ""
    end
    local number, consent = row[1], row[2]
    if number == ngx.null then
        return attached:get(address) or ""
    end
    if consent ~= "yes" or not ngx.re.find(number, "^[1-9][0-9]{7,14}$", "jo") then
        attached:delete(address)
        return ""
    end
    attached:set(address, number, MOMENT)
    return number
end

return _M
