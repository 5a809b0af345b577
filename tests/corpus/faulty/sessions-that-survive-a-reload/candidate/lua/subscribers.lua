-- Address, number and consent, from the file that accounting writes.
local shared = ngx.shared.subscribers

local _M = {}

-- Called at the start and at each reload, before the new workers.
function _M.load(path)
    local file = io.open(path)
    if not file then
        return
    end
    for line in file:lines() do
        local address, number, consent = line:match("^(%S+) ([1-9]%d+)/(%a+);$")
        if address and #number >= 8 and #number <= 15 then
            shared:set(address, consent == "yes" and number or "")
        end
    end
    file:close()
end

function _M.number(address)
    return shared:get(address) or ""
end

return _M
