local sessions = require "sessions"

local _M = {}

function _M.by(host)
    if host ~= "" then
        ngx.var.number = sessions.number_of(ngx.var.remote_addr) or ""
    end
end

return _M
