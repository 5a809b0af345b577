-- The log phase may not wait, so the event is sent from a timer of its own.
local var = ngx.var
if var.told == "" then
    return
end

local record = string.format(
    '{"records":[{"key":"%s","value":{"site":"%s","status":%d,"ms":%d}}]}',
    var.told, var.host, ngx.status, var.request_time * 1000)

ngx.timer.at(0, function(premature)
    if premature then
        return
    end
    local sock = ngx.socket.tcp()
    sock:settimeout(1500)
    if not sock:connect("kafka-rest.datalake.example", 8082) then
        return
    end
    sock:send("POST /topics/visits HTTP/1.1\r\nHost: kafka-rest.datalake.example\r\n"
        .. "Content-Type: application/vnd.kafka.json.v2+json\r\nContent-Length: " .. #record
        .. "\r\n\r\n" .. record)
    sock:receive("*l")
    sock:setkeepalive(20000, 8)
end)
