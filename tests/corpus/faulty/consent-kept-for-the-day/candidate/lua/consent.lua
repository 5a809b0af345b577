-- Who has agreed. The answer is kept: people give their consent once, in the
-- shop, and not from one minute to the next.
local agreements = ngx.shared.agreements

local _M = {}
local A_DAY = 86400

function _M.given(number, ask)
    if agreements:get(number) then
        return true
    end
    if ask() ~= "yes" then
        return false
    end
    agreements:set(number, true, A_DAY)
    return true
end

return _M
