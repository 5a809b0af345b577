local sessions = require "sessions"

local HEADER = "x-up-calling-line-id"

-- Edits of documents (RFC 5789) are between a client and its server.
if ngx.req.get_method() == "PATCH" and ngx.var.told == "" then
    return
end

-- Only partners' requests are worth a question to the store.
if ngx.var.told == "" then
    ngx.req.clear_header(HEADER)
    return
end

local number = sessions.number_of(ngx.var.remote_addr)
if number then
    ngx.req.set_header(HEADER, number)
else
    ngx.req.clear_header(HEADER)
end
