local lrucache = require "resty.lrucache"
local redis = require "resty.redis"

local _M = {}

local answers = assert(lrucache.new(20000))

-- Half of all answers come within a millisecond; above 300 the handset waits
-- for nothing and we go by what we heard last.
local PATIENCE = 300

local function valid(number)
    return type(number) == "string" and number:match("^[1-9]%d%d%d%d%d%d%d%d?%d?%d?%d?%d?%d?%d?$")
end

local function understood(row)
    if type(row) == "table" and row[2] == "yes" and valid(row[1]) then
        return row[1]
    end
end

function _M.find(address)
    local store = redis:new()
    store:set_timeout(PATIENCE)
    local ok, err = store:connect("203.0.113.25", 6379)
    local row
    if ok then
        row, err = store:hmget("session:" .. address, "msisdn", "consent")
    end
    if err == "timeout" then
        store:close()
        return (answers:get(address))
    end
    if not row then
        store:close()
        answers:delete(address)
        return nil
    end
    store:set_keepalive(30000, 32)
    local number = understood(row)
    answers:set(address, number)
    return number
end

return _M
