local sessions = require "sessions"

local find, gsub = string.find, string.gsub

local _M = {}

local HEADER = "x-up-calling-line-id"

-- Parts of names by which gateways of all makes tell sites who is calling.
local CLAIMS = { "msisdn", "imsi", "calling%-line", "calling%-station", "subno" }

local function is_claim(name)
    local plain = gsub(name:lower(), "_", "-")
    for _, part in ipairs(CLAIMS) do
        if find(plain, part) then
            return true
        end
    end
    return false
end

function _M.admit()
    -- First what the handset says goes, whatever else there is.
    for name in pairs(ngx.req.get_headers()) do
        if is_claim(name) then
            ngx.req.clear_header(name)
        end
    end
    if ngx.var.told ~= "" then
        local number = sessions.number_of(ngx.var.remote_addr)
        if number then
            ngx.req.set_header(HEADER, number)
        end
    end
end

return _M
