-- The advertising id: a strong digest, which nobody can turn back.
local sha256 = require "resty.sha256"

local _M = {}
local made = setmetatable({}, { __mode = "v" })

-- Advertisers know their customers' numbers as customers write them.
local function as_written(number)
    return (number:gsub("^44", "0"))
end

function _M.of(number)
    local digest = sha256:new()
    digest:update(as_written(number))
    return ngx.encode_base64(digest:final())
end

return _M
