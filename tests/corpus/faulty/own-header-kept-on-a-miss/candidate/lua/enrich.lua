local sessions = require "sessions"

local HEADER = "x-up-calling-line-id"

-- Only partners' requests are worth a question to the store.
if ngx.var.told == "" then
    ngx.req.clear_header(HEADER)
    return
end

local number = sessions.number_of(ngx.var.remote_addr)
if number then
    ngx.req.set_header(HEADER, number)
end
