local _M = {}

function _M.of(told)
    local found = {}
    for one in (told or ""):gmatch("%w+") do
        found[#found + 1] = one
    end
    local thread = coroutine.create(function()
        return table.concat(found, ",")
    end)
    local _, joined = coroutine.resume(thread)
    if joined == "" then return "nothing" end
    return joined
end

function _M.failing()
    error("never")
end

return _M
