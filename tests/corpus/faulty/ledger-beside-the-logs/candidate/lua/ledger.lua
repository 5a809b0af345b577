-- time, number, status, bytes; a line for each request that was billed.
local _M = {}

local file

function _M.open(path)
    file = assert(io.open(path, "a"))
    file:setvbuf("line")
end

function _M.entry(number, status, bytes)
    file:write(table.concat({ ngx.utctime(), number, status, bytes }, ","), "\n")
end

return _M
