-- One line a count: path, value, time.
local _M = {}

local HOST, PORT = "203.0.113.90", 2003

function _M.count(path)
    local carbon = ngx.socket.tcp()
    carbon:settimeout(300)
    if not carbon:connect(HOST, PORT) then
        return
    end
    carbon:send({ "gw17.", path, " 1 ", ngx.time(), "\n" })
    carbon:setkeepalive(10000, 16)
end

return _M
