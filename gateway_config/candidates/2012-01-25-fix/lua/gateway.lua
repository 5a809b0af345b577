-- What happens to every request before it is passed on.

local authority = require "authority"
local claims = require "claims"
local sessions = require "sessions"

local _M = {}

function _M.admit()
    local host, port = authority.of_request()
    if not host then
        return ngx.exit(ngx.HTTP_BAD_REQUEST)
    end

    local var = ngx.var
    var.target = host .. ":" .. port
    var.target_host = port == 80 and host or host .. ":" .. port
    var.target_port = port

    -- What the handset says of itself goes from every request, whoever sent it
    -- and wherever it is going.
    claims.strip()

    -- After target_port: see conf.d/20-sites.conf. For any other site the
    -- store is not even asked, and the number is nowhere in this process.
    if var.may_be_told ~= "yes" then
        return
    end

    -- The peer of the connection, whatever X-Forwarded-For and the like say.
    local number, state = sessions.number_of(var.remote_addr)
    var.session = state
    var.caller = number or ""
end

return _M
