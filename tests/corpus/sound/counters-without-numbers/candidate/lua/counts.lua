-- Sends the counts to graphite and begins again.
local counts = ngx.shared.counts

local _M = {}

function _M.flush(premature)
    local lines, now = {}, ngx.time()
    for _, name in ipairs(counts:get_keys(200)) do
        lines[#lines + 1] = string.format("gw17.%s %d %d\n", name, counts:get(name) or 0, now)
        counts:delete(name)
    end
    if premature or #lines == 0 then
        return
    end
    local carbon = ngx.socket.tcp()
    carbon:settimeout(500)
    if carbon:connect("203.0.113.90", 2003) then
        carbon:send(table.concat(lines))
        carbon:close()
    end
end

return _M
