local visits = ngx.shared.visits

local _M = {}

local EVERY = 25

function _M.is_due(address, name)
    local count = visits:incr(address .. " " .. name, 1, 0)
    return count ~= nil and count % EVERY == 0
end

return _M
