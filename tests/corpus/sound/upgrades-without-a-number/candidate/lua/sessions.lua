-- Who holds an address, from the session store; asked for each request.
local redis = require "resty.redis"

local _M = {}

local HOST, PORT = "192.0.2.10", 6379

local function valid(number)
    return type(number) == "string" and #number >= 8 and #number <= 15
        and number:find("^[1-9]%d+$") ~= nil
end

-- The number of the subscriber at this address who has agreed, or nil.
function _M.number(address)
    local store = redis:new()
    store:set_timeout(700)
    if not store:connect(HOST, PORT) then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    store:set_keepalive(20000, 100)
    if row[2] == "yes" and valid(row[1]) then
        return row[1]
    end
end

return _M
