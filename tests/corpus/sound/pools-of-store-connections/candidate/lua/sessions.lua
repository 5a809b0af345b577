local redis = require "resty.redis"

local _M = {}

local NAME, PORT = "198.51.100.6", 6390
local POOL = { size = 64, idle = 60000 }

-- A kept connection may have been closed by the store in the meantime.
local GONE = { closed = true, ["broken pipe"] = true, ["connection reset by peer"] = true }

local function once(key)
    local store = redis:new()
    store:set_timeout(700)
    local ok, err = store:connect(NAME, PORT)
    if not ok then
        return nil, err
    end
    local kept = store:get_reused_times() > 0
    local row
    row, err = store:hmget(key, "n", "c")
    if not row then
        -- Half-read: whoever got this connection next would read our answer.
        store:close()
        return nil, err, kept and GONE[err]
    end
    store:set_keepalive(POOL.idle, POOL.size)
    return row
end

function _M.number(address)
    local key = "sess/" .. address
    local row, _, again = once(key)
    if again then
        row = once(key)
    end
    if row and row[2] == "yes" and type(row[1]) == "string"
            and ngx.re.find(row[1], "^[1-9][0-9]{7,14}$", "jo") then
        return row[1]
    end
end

return _M
