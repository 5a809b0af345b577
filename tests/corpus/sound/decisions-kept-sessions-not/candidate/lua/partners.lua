-- Which part of which host may know the number.
local lrucache = require "resty.lrucache"

local _M = {}

local EXACT = { ["premium.example"] = "/", ["moments.example"] = "/offers/" }
local BELOW = { ["adult.example"] = "/" }

-- host -> path below which it may know, or false. A host's answer never changes
-- while this file is loaded, so it may stay for good.
local decided = assert(lrucache.new(10000))

local function decide(host)
    if EXACT[host] then
        return EXACT[host]
    end
    local parent = host:match("^[^.]+%.(.+)$")
    while parent do
        if BELOW[parent] then
            return BELOW[parent]
        end
        parent = parent:match("^[^.]+%.(.+)$")
    end
    return false
end

local function below(path, prefix)
    return path:sub(1, #prefix) == prefix
end

function _M.may_know(host, sent, meant)
    local prefix = decided:get(host)
    if prefix == nil then
        prefix = decide(host)
        decided:set(host, prefix)
    end
    return prefix and below(sent, prefix) and below(meant, prefix)
end

return _M
