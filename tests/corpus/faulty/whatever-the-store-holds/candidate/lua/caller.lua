-- Number of the subscriber behind an address; nil without consent or session.
local redis = require "resty.redis"

local null = ngx.null
local _M = {}

local function fields(address)
    local store, problem = redis:new()
    store:set_timeout(800)
    local ok
    ok, problem = store:connect("192.0.2.10", 6379)
    if not ok then
        ngx.shared.busy:incr("unreachable", 1, 0)
        return nil, problem
    end
    local answer
    answer, problem = store:hmget("session:" .. address, "msisdn", "consent")
    if not answer then
        ngx.shared.busy:incr("failed", 1, 0)
        store:close()
        return nil, problem
    end
    store:set_keepalive(30000, 128)
    return answer
end

function _M.number(address)
    local answer = fields(address)
    if not answer then
        return nil
    end
    local msisdn, consent = answer[1], answer[2]
    -- A field that is missing is ngx.null, which is true.
    if msisdn == null or consent == null or consent ~= "yes" then
        return nil
    end
    return msisdn
end

return _M
