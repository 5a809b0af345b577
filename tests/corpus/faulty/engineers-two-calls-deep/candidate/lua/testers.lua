local _M = {}

local function asks_for_line(args)
    return args.show == "line"
end

local function has_test_browser(headers)
    local agent = headers["User-Agent"]
    return type(agent) == "string" and agent:find("^FieldTest/2%.") ~= nil
end

function _M.is_tester(args, headers)
    return asks_for_line(args) and has_test_browser(headers)
end

return _M
