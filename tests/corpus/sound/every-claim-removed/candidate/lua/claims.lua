local sessions = require "sessions"

local _M = {}

local CLAIMS = {
    ["x-msisdn"] = true,
    ["msisdn"] = true,
    ["x-nokia-msisdn"] = true,
    ["x-wap-msisdn"] = true,
    ["x-up-subno"] = true,
}

-- Takes away first, whoever asks and whatever is known; puts in afterwards.
function _M.replace(may_know)
    for name in pairs(ngx.req.get_headers(0)) do    -- 0: all of them, not the first hundred
        if CLAIMS[(name:lower():gsub("_", "-"))] then
            ngx.req.clear_header(name)
        end
    end
    local number = may_know and sessions.number_of(ngx.var.remote_addr)
    if number then
        ngx.req.set_header("x-msisdn", number)
    end
end

return _M
