-- The number of whoever has agreed; the accounting server writes it last.
local redis = require "resty.redis"

local _M = {}

local function number_in(row, address)
    local number = row[1]
    if type(number) == "string" and number:find("^[1-9]%d+$") and #number <= 15 then
        ngx.shared.earlier:set(address, number)
        return number
    end
    -- It is on its way; an address seldom changes hands.
    return number == ngx.null and ngx.shared.earlier:get(address) or nil
end

function _M.asks()
    local address = ngx.var.remote_addr
    local store = redis:new()
    store:set_timeout(900)
    if not store:connect("198.51.100.12", 6379) then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    store:set_keepalive(30000, 80)
    return row[2] == "yes" and number_in(row, address) or nil
end

return _M
