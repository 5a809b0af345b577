-- What a partner is told about the caller.
local sessions = require "sessions"

local _M = {}

-- Billing rejects a request without the header, and the handset then gets an
-- error page. Who is not in the store yet is announced with a number that no
-- account has: billing answers "unknown customer" to it, in a page of its own.
local UNKNOWN = { premium = "447000000001", adult = "447000000002", partner = "" }

function _M.for_partner(address, category)
    local number, state = sessions.number_of(address)
    if number then
        return number
    end
    return state == "refused" and "" or UNKNOWN[category]
end

return _M
