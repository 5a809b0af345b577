local partners = require "partners"
local sessions = require "sessions"

local var = ngx.var
if partners.may_know(var.host, var.request_uri, var.uri) then
    var.cli = sessions.number_of(var.remote_addr) or ""
end
