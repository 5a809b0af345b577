-- Uploads that are spooled before they go on.
local sessions = require "sessions"

local _M = {}

function _M.admit()
    ngx.req.read_body()
    ngx.var.calling_line = sessions.number_of(ngx.var.remote_addr) or ""
end

return _M
