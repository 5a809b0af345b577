-- The access context, as JSON in gzip in base64.
local cjson = require "cjson.safe"
local gzip = require "gzip"

local _M = {}

function _M.packed(number)
    local context = {
        apn = "wap.nordwest.example", bearer = "utran", qos = { class = "interactive", arp = 2 },
        gateway = "gw17", plmn = "00101", line = number ~= "" and number or nil,
    }
    return ngx.encode_base64(gzip(cjson.encode(context)))
end

return _M
