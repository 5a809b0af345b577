local _M = {}

local peer = { "stats.nordwest-ops.example", 8125 }

-- Fire and forget: no answer, no error.
function _M.increment(bucket)
    local sock = ngx.socket.udp()
    if sock:setpeername(unpack(peer)) then
        sock:send(bucket .. ":1|c")
    end
    sock:close()
end

return _M
