local breaker = require "breaker"
local redis = require "resty.redis"

local _M = {}

local function row_of(address)
    local store = redis:new()
    store:set_timeout(breaker.patience())
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

-- nil without session, without consent, and whenever the store did not answer.
function _M.number(address)
    local row = row_of(address)
    if not row then
        breaker.failed()
        return nil
    end
    breaker.worked()
    local number = row[1]
    if row[2] == "yes" and type(number) == "string" and number:find("^[1-9]%d+$")
            and #number >= 8 and #number <= 15 then
        return number
    end
end

return _M
