local redis = require "resty.redis"

local _M = {}

local function row_of(address)
    local store = redis:new()
    store:set_timeout(700)
    if not store:connect("203.0.113.25", 6379) then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if not row then
        store:close()
        return nil
    end
    store:set_keepalive(30000, 32)
    return row
end

local function valid(number)
    return type(number) == "string" and number:find("^[1-9]%d+$") and #number > 7 and #number < 16
end

function _M.find(address)
    local row = row_of(address)
    if row and row[2] == "yes" and valid(row[1]) then
        return row[1]
    end
end

return _M
