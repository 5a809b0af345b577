-- Whose address it is, from the session store.
--
-- RADIUS accounting keeps a hash there for every attached handset, under the
-- address that the handset has:
--
--     session:100.64.131.7   msisdn 4477...   imsi 23410...   consent yes
--
-- It is asked for each request and nothing is remembered in between: addresses
-- go from one subscriber to the next within seconds, and an agreement can be
-- withdrawn at any time. In doubt there is no number.

local redis = require "resty.redis"

local find, pcall, type = string.find, pcall, type

local _M = {}

local HOST, PORT = "192.0.2.10", 6379

-- Milliseconds to connect, to send and to read, each. The store answers in less
-- than one; a handset should not wait for a number that most sites do not get.
-- (Set with set_timeout: the set_timeouts of later versions of this library is
-- not in Debian's, which takes any name it does not know for a Redis command.)
local PATIENCE = 800

-- Connections kept open by each worker, and for how long (ms).
local POOL, IDLE = 128, 30000

-- A kept connection that the store has closed meanwhile, as at its restart.
local STALE = { ["closed"] = true, ["connection reset by peer"] = true, ["broken pipe"] = true }

-- The answer to HMGET, or nil, the error, and whether a new connection may
-- have better luck.
local function ask(key)
    local store = redis:new()
    store:set_timeout(PATIENCE)
    local ok, err = store:connect(HOST, PORT)
    if not ok then
        return nil, err, false
    end
    local reused = (store:get_reused_times() or 0) > 0
    local answer
    answer, err = store:hmget(key, "msisdn", "consent")
    if not answer then
        -- Never back into the pool: a late answer to this question would be
        -- taken for the answer to the next one, about somebody else.
        store:close()
        return nil, err, reused and STALE[err]
    end
    store:set_keepalive(IDLE, POOL)
    return answer
end

local function ask_again_if_stale(key)
    local answer, _, stale = ask(key)
    if stale then
        answer = ask(key)
    end
    return answer
end

-- 8 to 15 digits, with country code, so not beginning with 0. What is missing
-- in the hash comes as ngx.null, which is true in Lua: hence the type.
local function is_number(msisdn)
    return type(msisdn) == "string"
        and #msisdn >= 8 and #msisdn <= 15
        and find(msisdn, "^[1-9]%d+$") ~= nil
end

-- The number of the subscriber who holds the address and has agreed that
-- partners may know it, or nil; and a word for the log: known, none (nobody
-- attached, not agreed, or not a number) or error (no answer from the store).
function _M.number_of(address)
    local ok, answer = pcall(ask_again_if_stale, "session:" .. address)
    if not ok or type(answer) ~= "table" then
        return nil, "error"
    end
    local msisdn, consent = answer[1], answer[2]
    if consent ~= "yes" or not is_number(msisdn) then
        return nil, "none"
    end
    return msisdn, "known"
end

return _M
