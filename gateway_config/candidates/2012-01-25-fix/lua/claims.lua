-- Headers by which gateways of all makes tell sites who is calling. None of
-- them may come from a handset: a site that takes one for the network's word
-- would bill, or let in, the wrong person.

local find, gsub, lower = string.find, string.gsub, string.lower
local pairs = pairs

local _M = {}

-- Parts of a name that no honest handset header has: x-msisdn, msisdn,
-- x-wap-network-client-msisdn, x-nokia-msisdn, x-up-calling-line-id, ...
local PARTS = { "msisdn", "imsi", "calling%-line", "calling%-station", "^x%-wap%-3gpp%-" }

-- The others that we have seen or read of. "clientid" is one of them, but
-- applications of handsets use that name for purposes of their own.
local NAMES = {
    ["cli"] = true,
    ["gpsi"] = true,
    ["lbs-eventtime"] = true,
    ["lbs-zoneid"] = true,
    ["mdn"] = true,
    ["pei"] = true,
    ["rim-device-id"] = true,
    ["supi"] = true,
    ["tm-user-id"] = true,
    ["uli"] = true,
    ["x-access-subnym"] = true,
    ["x-acr"] = true,
    ["x-amobee-1"] = true,
    ["x-att-deviceid"] = true,
    ["x-dcmguid"] = true,
    ["x-drutt-device-id"] = true,
    ["x-drutt-portal-user-id"] = true,
    ["x-em-uid"] = true,
    ["x-hts-clid"] = true,
    ["x-huawei-userid"] = true,
    ["x-jinny-cid"] = true,
    ["x-jphone-uid"] = true,
    ["x-mdn"] = true,
    ["x-network-info"] = true,
    ["x-nokia-alias"] = true,
    ["x-nokia-ipaddress"] = true,
    ["x-nx-clid"] = true,
    ["x-opwv-ddm-identity"] = true,
    ["x-opwv-ddm-subscriber"] = true,
    ["x-orange-id"] = true,
    ["x-piper-id"] = true,
    ["x-subscriber"] = true,
    ["x-subscriber-info"] = true,
    ["x-uidh"] = true,
    ["x-up-3gpp-imeisv"] = true,
    ["x-up-nai"] = true,
    ["x-up-subno"] = true,
    ["x-up-subscriber-cos"] = true,
    ["x-up-vodacomgw-subid"] = true,
    ["x-vf-acr"] = true,
    ["x-vodafone-3gpdpcontext"] = true,
    ["x-wap-client-ip"] = true,
    ["x-wap-clientid"] = true,
    ["x-wsb-identity"] = true,
}

local function is_claim(name)
    -- nginx has dropped names with an underscore already, as long as
    -- underscores_in_headers is off; this does not depend on it.
    local plain = gsub(lower(name), "_", "-")
    if NAMES[plain] then
        return true
    end
    for i = 1, #PARTS do
        if find(plain, PARTS[i]) then
            return true
        end
    end
    return false
end

-- Removes them from the request, however often and in whatever letters they
-- were sent.
function _M.strip()
    -- 0: all of them. By default Lua is shown the first hundred only, and a
    -- handset can send more than that.
    for name in pairs(ngx.req.get_headers(0)) do
        if is_claim(name) then
            ngx.req.clear_header(name)
        end
    end
end

return _M
