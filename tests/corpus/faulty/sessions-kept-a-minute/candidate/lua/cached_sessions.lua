-- Sessions, kept by each worker for a while: pages have eighty pictures.
local lrucache = require "resty.lrucache"
local redis = require "resty.redis"

local _M = {}

local kept = assert(lrucache.new(50000))
local SECONDS = 60

local function fetch(address)
    local store = redis:new()
    store:set_timeout(800)
    if not store:connect("192.0.2.10", 6379) then
        return nil, "unreachable"
    end
    local row, err = store:hmget("session:" .. address, "msisdn", "consent")
    if type(row) ~= "table" then
        store:close()
        return nil, err or "error"
    end
    store:set_keepalive(30000, 100)
    if row[2] == "yes" and type(row[1]) == "string" and ngx.re.find(row[1], "^[1-9][0-9]{7,14}$", "jo") then
        return row[1]
    end
end

function _M.get(address)
    local number = kept:get(address)
    if number == nil then
        local err
        number, err = fetch(address)
        if not err then
            kept:set(address, number or false, SECONDS)
        end
    end
    return number or nil
end

return _M
