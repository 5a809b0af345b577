-- Numbers as in charging records (3GPP TS 29.002, TBCD-STRING): two digits an
-- octet, the first in its low half, an odd last one filled up with f.
local gsub = string.gsub

local _M = {}

function _M.encode(digits)
    if #digits % 2 == 1 then
        digits = digits .. "f"
    end
    return "91" .. (gsub(digits, "(.)(.)", "%2%1"))      -- 91: international, E.164
end

return _M
