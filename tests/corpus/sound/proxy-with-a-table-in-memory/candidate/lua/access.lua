local attached = require "attached"

local var = ngx.var
if var.port ~= "80" then
    return
end

-- Where the number may go: a name and the beginning of a path.
local PLACES = {
    { [[^premium\.example\z]], "" },
    { [[^(?:[a-z0-9_-]+\.)+adult\.example\z]], "" },
    { [[^moments\.example\z]], "/offers/" },
}

for _, place in ipairs(PLACES) do
    local name, path = place[1], place[2]
    if ngx.re.find(var.host, name, "jo")
            and var.request_uri:sub(1, #path) == path and var.uri:sub(1, #path) == path then
        var.told = attached.number_of(var.remote_addr) or ""
        return
    end
end
