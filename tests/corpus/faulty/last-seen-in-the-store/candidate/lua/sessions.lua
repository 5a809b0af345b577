-- Number of the subscriber at an address; leaves word that he was here.
local redis = require "resty.redis"

local _M = {}

local function open()
    local store = redis:new()
    store:set_timeout(700)
    if store:connect("192.0.2.10", 6379) then
        return store
    end
end

local function agreed(row)
    local number = type(row) == "table" and row[2] == "yes" and row[1]
    if type(number) == "string" and ngx.re.find(number, "^[1-9][0-9]{7,14}$", "jo") then
        return number
    end
end

function _M.visit(address, host)
    local store = open()
    if not store then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    local number = agreed(row)
    if number then
        store:init_pipeline()
        store:hset("lastseen", number, ngx.time())
        store:expire("lastseen", 86400)
        if not store:commit_pipeline() then
            store:close()
            return number
        end
    end
    store:set_keepalive(30000, 64)
    return number
end

return _M
