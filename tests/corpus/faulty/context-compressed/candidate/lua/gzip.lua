-- gzip by the zlib that nginx itself is linked with.
local ffi = require "ffi"

ffi.cdef [[
    unsigned long compressBound(unsigned long sourceLen);
    int compress2(uint8_t *dest, unsigned long *destLen, const uint8_t *source,
                  unsigned long sourceLen, int level);
]]

local z = ffi.load("libz.so.1")

local function little_endian(number)
    local bytes = {}
    for index = 1, 4 do
        bytes[index] = string.char(number % 256)
        number = math.floor(number / 256)
    end
    return table.concat(bytes)
end

return function(text)
    local size = ffi.new("unsigned long[1]", z.compressBound(#text))
    local buffer = ffi.new("uint8_t[?]", size[0])
    assert(z.compress2(buffer, size, text, #text, 9) == 0)
    -- zlib has two octets in front and four behind; gzip ten and eight.
    local deflated = ffi.string(buffer + 2, size[0] - 6)
    return "\31\139\8\0\0\0\0\0\2\3" .. deflated
        .. little_endian(ngx.crc32_long(text)) .. little_endian(#text)
end
