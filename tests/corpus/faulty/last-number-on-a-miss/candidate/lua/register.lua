-- Reads the register of sessions.
local redis = require "resty.redis"
local find = string.find

local _M = {}

-- Filled anew by each answer; a table for each request was a third of all
-- garbage in the profile.
local who = { number = "", agreed = false }

local function connected()
    local store = redis:new()
    store:set_timeout(750)
    local ok, err = store:connect("198.51.100.6", 6379)
    return ok and store, err
end

-- Digits as in E.164, none in front that would make it a national number.
local function sane(text)
    return type(text) == "string" and #text >= 8 and #text <= 15 and find(text, "^[1-9]%d+$")
end

function _M.ask(address)
    local store = connected()
    if not store then
        return { agreed = false }
    end
    local answer = store:hmget("session:" .. address, "msisdn", "consent")
    if type(answer) ~= "table" then
        store:close()
        return { agreed = false }
    end
    store:set_keepalive(10000, 80)
    if sane(answer[1]) then
        who.number, who.agreed = answer[1], answer[2] == "yes"
    end
    return who
end

return _M
