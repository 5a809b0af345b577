-- From the policy of compliance; port 80 only.
local _M = {}

local HOSTS = { ["premium.example"] = "", ["moments.example"] = "/offers/" }
local DOMAINS = { ["adult.example"] = "" }    -- names below, not the domain itself

local function path_of(name)
    if HOSTS[name] then
        return HOSTS[name]
    end
    local domain = name:match("%.(.+)$")
    while domain do
        if DOMAINS[domain] then
            return DOMAINS[domain]
        end
        domain = domain:match("%.(.+)$")
    end
end

-- `sent` is the path as the site will see it, `meant` what it comes to.
function _M.may_know(name, port, sent, meant)
    local path = port == 80 and path_of(name)
    if not path then
        return false
    end
    return sent:sub(1, #path) == path and meant:sub(1, #path) == path
end

return _M
