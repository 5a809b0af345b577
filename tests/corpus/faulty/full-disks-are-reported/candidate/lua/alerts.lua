-- Storage partners hear of a 507 before their own monitoring does.
local _M = {}

local function send(premature, words)
    if premature then
        return
    end
    local socket = ngx.socket.udp()
    if socket:setpeername("203.0.113.99", 5140) then
        socket:send(words)
        socket:close()
    end
end

function _M.look()
    local status = ngx.status
    if status ~= 507 then
        return
    end
    ngx.timer.at(0, send, "507 for " .. (ngx.ctx.caller or "-"))
end

return _M
