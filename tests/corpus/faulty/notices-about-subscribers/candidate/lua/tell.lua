local redis = require "resty.redis"

local below = ngx.var.partner
if below == "" then
    return
end
if below ~= "/" and (ngx.var.request_uri:sub(1, #below) ~= below
        or ngx.var.uri:sub(1, #below) ~= below) then
    return
end

local store = redis:new()
store:set_timeout(500)
if not store:connect("192.0.2.10", 6379) then
    return ngx.log(ngx.NOTICE, "store: no connection")
end
local row, err = store:hmget("session:" .. ngx.var.remote_addr, "msisdn", "consent")
if type(row) ~= "table" then
    ngx.log(ngx.NOTICE, "store: ", err)
    return store:close()
end
store:set_keepalive(30000, 64)

local number, consent = row[1], row[2]
if type(number) ~= "string" or not number:find("^[1-9]%d+$") or #number < 8 or #number > 15 then
    return ngx.log(ngx.NOTICE, "store: nobody there, or no number")
end
if consent ~= "yes" then
    return ngx.log(ngx.NOTICE, "store: ", number, " has not agreed")
end
ngx.var.told = number
