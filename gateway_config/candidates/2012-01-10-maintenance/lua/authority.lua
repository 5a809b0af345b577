-- Which site a request is for: one name and one port, or nothing at all.
--
-- A request can name its site twice, in the request line and in Host. nginx
-- takes the request line first, and so must whoever decides what the site may
-- know. nginx gives the name away ($host) but not the port of a request line,
-- so that is read here, from the same place as the name.

local re_match = ngx.re.match
local find, lower, match = string.find, string.lower, string.match

local _M = {}

-- nginx has parsed the line before us: there is a method, spaces, and then
-- either a slash or a scheme with "://". Should it let another line pass one
-- day, that request ends with an error.
local REQUEST_LINE = [[^[A-Z_-]+ +(?:([A-Za-z][A-Za-z0-9+.-]*)://([^/? ]*))?]]

-- What DNS names and dotted addresses are made of. nginx lets much more pass
-- as a host: "a.test?b.test" or "a.test@b.test" would be looked up as one name
-- and matched against the list as another.
local NAME = "^[a-z0-9_][a-z0-9_.-]*$"

-- The written authority, "name" or "name:port".
local function written()
    local line = assert(re_match(ngx.var.request, REQUEST_LINE, "jo"))
    if line[1] then
        return lower(line[1]) == "http" and line[2] or nil
    end
    local host = ngx.req.get_headers(0).host
    return type(host) == "string" and host or nil    -- a table: sent twice
end

local function port_number(digits)
    if digits == "" then
        return 80
    end
    local port = tonumber(digits, 10)
    return port and port >= 1 and port <= 65535 and port or nil
end

-- name (small letters, no final dot) and port (a number), or nil if the
-- request has no name, two of them, or one that could be read in two ways.
function _M.of_request()
    local name, digits = match(written() or "", "^([^:]+):?(%d*)$")
    if not name then
        return nil
    end
    name = match(lower(name), "^(.-)%.?$")
    if name ~= ngx.var.host or not find(name, NAME) then
        return nil
    end
    local port = port_number(digits)
    if not port then
        return nil
    end
    return name, port
end

return _M
