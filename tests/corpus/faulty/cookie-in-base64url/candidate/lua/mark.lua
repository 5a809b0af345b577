-- The mark of a subscriber: safe in a cookie, and of no meaning to anybody.
local base64 = require "ngx.base64"

local _M = {}
local VERSION = "v2."

function _M.of(number)
    if not number or number == "" then
        return nil
    end
    return VERSION .. base64.encode_base64url("nw" .. number)
end

return _M
