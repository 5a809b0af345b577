-- The packet gateway's header line: "msisdn=…; imsi=…; consent=yes".
local _M = {}

local READ = {
    msisdn = function(text) return text:match("^[1-9]%d+$") and #text >= 8 and #text <= 15 and text end,
    imsi = function(text) return text:match("^%d+$") and #text == 15 and text end,
    consent = function(text) return text ~= "" and text end,
}

-- A table of what could be read; empty for a handset without a session.
function _M.read(line)
    local claims = {}
    for name, value in (line or ""):gmatch("(%a+)=([^;]*)") do
        local read = READ[name]
        if read then
            claims[name] = read(value) or nil
        end
    end
    return claims
end

return _M
