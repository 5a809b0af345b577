-- Address, number and consent, from the file that accounting writes.
local shared = ngx.shared.subscribers

local _M = {}

-- Shared memory outlives a reload, and the old workers may still be reading.
-- Each load has keys of its own, so a handset that the new file does not name
-- is nobody, whatever the old one said.
local generation

function _M.load(path)
    generation = shared:incr("generation", 1, 0)
    local file = io.open(path)
    if not file then
        return
    end
    for line in file:lines() do
        local address, number, consent = line:match("^(%S+) ([1-9]%d+)/(%a+);$")
        if consent == "yes" and #number >= 8 and #number <= 15 then
            -- Two generations are kept, for the workers on their way out.
            shared:set(generation .. " " .. address, number, 86400)
        end
    end
    file:close()
    for _, key in ipairs(shared:get_keys(0)) do
        local of = tonumber(key:match("^(%d+) "))
        if of and of < generation - 1 then
            shared:delete(key)
        end
    end
end

function _M.number(address)
    return shared:get(generation .. " " .. address) or ""
end

return _M
