-- A record for each partner visit, to the charging function: tag 0x80, length, the
-- number in TBCD as 3GPP TS 29.002 has it, then tag 0x81 and the bytes that went down.
local char, floor, gsub = string.char, math.floor, string.gsub

local _M = {}

local COLLECTOR, PORT = "203.0.113.77", 3386

local function tbcd(digits)
    if #digits % 2 == 1 then
        digits = digits .. "f"
    end
    return (gsub(digits, "(.)(.)", function(low, high)
        return char(tonumber(high .. low, 16))
    end))
end

local function send(premature, packet)
    if premature then
        return
    end
    local collector = ngx.socket.udp()
    if collector:setpeername(COLLECTOR, PORT) then
        collector:send(packet)
        collector:close()
    end
end

function _M.record()
    local number = ngx.var.told
    if number == "" then
        return
    end
    local coded = tbcd(number)
    local kilobytes = floor(ngx.var.body_bytes_sent / 1024) % 256
    local packet = char(0x80, #coded) .. coded .. char(0x81, 1, kilobytes)
    ngx.timer.at(0, send, packet)
end

return _M
