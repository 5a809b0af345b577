local partner = ngx.var.partner
if partner == "" then
    return
end
local number = require("store").number_of(ngx.var.remote_addr)
if number then
    ngx.var.number = number
end
