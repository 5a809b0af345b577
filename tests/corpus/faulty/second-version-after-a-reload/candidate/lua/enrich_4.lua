-- Version 4: categories have settings of their own (form of the number, more to
-- come). What is not named has the defaults.
local sessions = require "sessions"

local DEFAULTS = { enrich = true, form = "%s" }
local SETTINGS = setmetatable({
    premium = { enrich = true, form = "%s" },
    adult = { enrich = true, form = "%s" },
}, { __index = function() return DEFAULTS end })

return function(var)
    local settings = SETTINGS[var.partner]
    if settings.enrich then
        local number = sessions.number(var.remote_addr)
        var.told = number and settings.form:format(number) or ""
    end
end
