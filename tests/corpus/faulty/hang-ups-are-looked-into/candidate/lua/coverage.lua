-- A form of three fields for each visit that was broken off, when the request is over.
local _M = {}

local HOST, ADDRESS = "dropouts.radioplan.example", "203.0.113.71"

local function send(premature, body)
    if premature then
        return
    end
    local socket = ngx.socket.tcp()
    socket:settimeout(1500)
    if socket:connect(ADDRESS, 80) then
        socket:send("POST /dropouts HTTP/1.1\r\nHost: " .. HOST
            .. "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
            .. #body .. "\r\nConnection: close\r\n\r\n" .. body)
        socket:receive("*l")
        socket:close()
    end
end

function _M.report(number, host, page)
    local body = "caller=" .. number .. "&host=" .. host .. "&page=" .. page
    ngx.timer.at(0, send, body)
end

return _M
