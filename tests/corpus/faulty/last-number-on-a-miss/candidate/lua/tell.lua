if ngx.var.partner == "" then
    return
end
local who = require("register").ask(ngx.var.remote_addr)
if who.agreed then
    ngx.var.told = who.number
end
