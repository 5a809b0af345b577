-- What happens to every request before it is passed on.

local authority = require "authority"
local claims = require "claims"
local sessions = require "sessions"

local _M = {}

-- The header in which partners are told the number.
local HEADER = "x-up-calling-line-id"

function _M.admit()
    local host, port = authority.of_request()
    if not host then
        return ngx.exit(ngx.HTTP_BAD_REQUEST)
    end

    local var = ngx.var
    var.target = host .. ":" .. port
    var.target_host = port == 80 and host or host .. ":" .. port
    var.target_port = port

    -- First what the handset says goes, then what we know is put in. The
    -- other way round, or only when we know something, a handset without a
    -- session could say what it likes.
    claims.strip()

    -- The peer of the connection, whatever X-Forwarded-For and the like say.
    local number, state = sessions.number_of(var.remote_addr)
    var.session = state
    if number then
        -- For every site; conf.d/20-sites.conf says from whose requests it is
        -- taken away again.
        ngx.req.set_header(HEADER, number)
    end
end

return _M
