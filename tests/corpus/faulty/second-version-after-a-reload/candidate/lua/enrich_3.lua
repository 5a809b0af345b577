-- Version 3: one list of categories that may know the number.
local sessions = require "sessions"

return function(var)
    if var.partner == "premium" or var.partner == "adult" or var.partner == "partner" then
        var.told = sessions.number(var.remote_addr) or ""
    end
end
