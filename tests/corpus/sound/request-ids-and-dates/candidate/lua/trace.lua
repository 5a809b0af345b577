-- Trace ids as in W3C Trace Context: version, 16 random octets, 8 random octets.
-- New for each request; nothing about the subscriber goes into them.
local random = require "resty.random"
local to_hex = require("resty.string").to_hex

local _M = {}

function _M.new()
    return "00-" .. to_hex(random.bytes(16)) .. "-" .. to_hex(random.bytes(8)) .. "-01"
end

return _M
