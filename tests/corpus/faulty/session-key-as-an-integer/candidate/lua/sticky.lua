-- Sixteen hexadecimal digits, as load balancers want them.
local number = tonumber(ngx.var.number)
if not number then
    return
end
local high = math.floor(number / 0x100000000)
local low = number % 0x100000000
ngx.var.key = string.format("%08x%08x", high, low)
