-- Puts "Signed in as …" above the pages of the partners: the portal's script
-- reads it from a header of the answer and shows it to the subscriber alone.
local _M = {}

local greeting

function _M.prepare(number, partner)
    if number and partner ~= "" then
        greeting = "signed in as +" .. number
    end
end

function _M.put()
    if ngx.var.partner == "partner" and ngx.var.told ~= "" then
        ngx.header["X-Greeting"] = greeting
    end
end

return _M
