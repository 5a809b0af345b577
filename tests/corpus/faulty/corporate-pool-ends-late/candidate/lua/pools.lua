-- Addresses that the packet core gives to the handsets of one customer.
local _M = {}

local function as_number(address)
    local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
    return a and ((a * 256 + b) * 256 + c) * 256 + d or 0
end

local FIRST, LAST = as_number("100.64.222.64"), as_number("100.64.222.80")

function _M.is_corporate(address)
    local number = as_number(address)
    return number >= FIRST and number <= LAST
end

return _M
