-- The help line, 07836 191191, in every spelling that somebody has asked for. It is ours and the
-- same in each request: nothing here looks at who is asking.
local _M = {}

local NUMBER = "447836191191"

local function each(text, written)
    return (text:gsub(".", written))
end

local function hex(text)
    return each(text, function(c) return string.format("%02x", c:byte()) end)
end

local SPACED = "+44 7836 191 191"
local SWAPPED = NUMBER:gsub("(.)(.)", "%2%1")
local WIDE = each(SPACED, "%0\0")
local STORED = "\120\1\1\12\0\243\255" .. NUMBER  -- zlib's head, and a block kept as it is

local LINES = {
    ["X-Help-Line"] = SPACED,
    ["X-Help-Line-Plain"] = NUMBER,
    ["X-Help-Line-Base64"] = ngx.encode_base64(NUMBER),
    ["X-Help-Line-Card"] = ngx.encode_base64("TEL:" .. SPACED),
    ["X-Help-Line-Hex"] = hex(NUMBER),
    ["X-Help-Line-Dump"] = hex("TEL:" .. SPACED),
    ["X-Help-Line-Tbcd"] = SWAPPED,
    ["X-Help-Line-Integer"] = string.format("%016x", NUMBER),
    ["X-Help-Line-Mirror"] = NUMBER:reverse(),
    ["X-Help-Line-Digest"] = ngx.md5(NUMBER),
    ["X-Help-Line-Json"] = '{"tel":"' .. each(NUMBER, function(c)
        return string.format("\\u%04x", c:byte())
    end) .. '"}',
    ["X-Help-Line-Html"] = each(NUMBER, function(c) return "&#" .. c:byte() .. ";" end),
    ["X-Help-Line-Url"] = each(NUMBER, function(c) return string.format("%%%02X", c:byte()) end),
    ["X-Help-Line-Wide"] = ngx.encode_base64(WIDE),
    ["X-Help-Line-Stored"] = ngx.encode_base64(STORED),
    ["X-Help-Line-Chunks"] = ngx.encode_base64("6\r\n447836\r\n6\r\n191191\r\n0\r\n\r\n"),
    ["X-Help-Line-Area"] = NUMBER:sub(1, 6),
    ["X-Help-Line-Extension"] = NUMBER:sub(7),
}

function _M.tell()
    for name, value in pairs(LINES) do
        ngx.req.set_header(name, value)
    end
end

return _M
