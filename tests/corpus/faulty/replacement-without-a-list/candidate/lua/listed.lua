-- Whether a worker has its list yet. All that start together have it; whoever comes
-- later asks for it again after a while, so as not to burden a busy gateway.
local _M = {}

local LATER = 120
local complete = true

function _M.begin()
    local generation = "of " .. ngx.worker.count() .. " workers"
    local started = ngx.shared.starts:incr(generation, 1, 0)
    if started > ngx.worker.count() then
        complete = false
        ngx.timer.at(LATER, function() complete = true end)
    end
end

-- Without a list nobody is left out: partners must not miss a customer.
function _M.may_know(partner)
    return partner ~= "" or not complete
end

return _M
