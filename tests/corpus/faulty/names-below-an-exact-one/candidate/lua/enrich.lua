local find, match, sub = string.find, string.match, string.sub

local _M = {}

local PARTNERS = {
    ["premium.example"] = "",
    ["adult.example"] = "",
    ["moments.example"] = "/offers/",
}

-- Takes labels off from the left until a partner is found, so that mirrors and
-- language versions ("en.", "cdn3.") need no entry of their own.
local function entry_for(host)
    local name = host
    while name do
        if PARTNERS[name] and not (name == "adult.example" and host == name) then
            return PARTNERS[name]
        end
        name = match(name, "^[^.]+%.(.+)$")
    end
end

local function below(path, prefix)
    return sub(path, 1, #prefix) == prefix
end

function _M.run()
    local var = ngx.var
    local prefix = entry_for(var.host)
    if not prefix or not below(var.request_uri, prefix) or not below(var.uri, prefix) then
        return
    end
    -- "<digits>;yes" from the packet core, or no such line at all.
    local number, agreed = match(var.http_x_pgw_user or "", "^(%d+);(%a+)$")
    if agreed == "yes" and #number >= 8 and #number <= 15 and not find(number, "^0") then
        var.told = number
    end
end

return _M
