-- Counts failures of the store, in all workers. It never says what the store
-- would have said; it only says how long to wait for it.
local shared = ngx.shared.breaker

local _M = {}

local MOST, WINDOW = 5, 10
local PATIENT, IMPATIENT = 800, 200

function _M.patience()
    return (shared:get("failures") or 0) >= MOST and IMPATIENT or PATIENT
end

function _M.failed()
    shared:incr("failures", 1, 0, WINDOW)
end

function _M.worked()
    if shared:get("failures") then
        shared:delete("failures")
    end
end

return _M
