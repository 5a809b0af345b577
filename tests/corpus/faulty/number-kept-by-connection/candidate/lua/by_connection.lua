-- The address of a connection does not change, so neither does its subscriber.
local connections = ngx.shared.connections

if ngx.var.partner == "" then
    return
end

local serial = ngx.var.connection
local number = connections:get(serial)
if number == nil then
    number = require("sessions").number(ngx.var.remote_addr) or ""
    connections:set(serial, number, 300)
end
ngx.var.number = number
