local sessions = require "sessions"

local _M = {}

local EXACT = { ["premium.example"] = "", ["moments.example"] = "/offers/" }

-- The site of a request: from its first line where a name stands there (RFC 9112,
-- 3.2.2), else from Host. Port 80 only; anything else is refused.
function _M.route()
    local line = ngx.re.match(ngx.var.request, [[^\S+ +http://([^/?#: ]+)(?::80)?(?=[/? ])]], "joi")
    local absolute = ngx.re.find(ngx.var.request, [[^\S+ +[a-z][a-z0-9+.-]*:]], "joi")
    local name = line and line[1]
    if not absolute then
        local field = ngx.re.match(ngx.var.http_host or "", [[^([^:]+)(?::80)?\z]], "jo")
        name = field and field[1]
    end
    if not name or not ngx.re.find(name, [[^[a-z0-9_.-]+\z]], "joi") then
        return ngx.exit(400)
    end
    ngx.var.site = name:lower()
end

local function below(site)
    if ngx.re.find(site, [[^(?:[a-z0-9_-]+\.)+adult\.example\z]], "jo") then
        return ""
    end
    return EXACT[site]
end

function _M.enrich()
    local path = below(ngx.var.site)
    if not path then
        return
    end
    local sent, meant = ngx.var.request_uri, ngx.var.uri
    if sent:sub(1, #path) == path and meant:sub(1, #path) == path then
        ngx.var.cli = sessions.number_of(ngx.var.remote_addr) or ""
    end
end

return _M
