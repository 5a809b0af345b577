-- The list of partners: a host, or a dot and a domain for all names below it, and
-- the path below which the number may be told.
local _M = {}

local hosts, domains

function _M.load()
    -- Once is enough; four workers reading at once made the start slow.
    if ngx.worker.id() ~= 0 then
        return
    end
    hosts, domains = {}, {}
    for line in io.lines("/etc/nginx/partners.txt") do
        local dot, name, path = line:match("^(%.?)(%S+)%s+(%S+)$")
        if name then
            (dot == "" and hosts or domains)[name] = path
        end
    end
end

local function path_of(host)
    if hosts[host] then
        return hosts[host]
    end
    local domain = host:match("%.(.+)$")
    while domain do
        if domains[domain] then
            return domains[domain]
        end
        domain = domain:match("%.(.+)$")
    end
end

function _M.permits(host, sent, meant)
    if not hosts then
        -- Not loaded yet: rather a few numbers too many than billing that stands still.
        return true
    end
    local path = path_of(host)
    if path == nil or path == "/" then
        return path ~= nil
    end
    return sent:sub(1, #path) == path and meant:sub(1, #path) == path
end

return _M
