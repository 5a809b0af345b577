-- Which sites may know the number. "*" stands for one name or more.
local _M = {}

local LIST = {
    { host = "premium.example" },
    { host = "*.adult.example" },
    { host = "moments.example", below = "/offers/" },
}

for _, entry in ipairs(LIST) do
    entry.pattern = "^" .. entry.host:gsub("%*", "[%%w_.-]+") .. "$"
end

local function starts(text, beginning)
    return text:sub(1, #beginning) == beginning
end

function _M.may_know(host, sent, meant)
    for _, entry in ipairs(LIST) do
        if host:find(entry.pattern) then
            local below = entry.below or ""
            return starts(sent, below) and starts(meant, below)
        end
    end
    return false
end

return _M
