-- A visit to a partner: the first page asks the store, what follows shows our
-- cookie. The cookie is drawn at random and says nothing by itself.
local random = require "resty.random"
local to_hex = require("resty.string").to_hex
local sessions = require "sessions"

local visits = ngx.shared.visits
local _M = {}
local LENGTH = 900

local function without_ours(cookies)
    local rest = {}
    for pair in cookies:gmatch("[^;]+") do
        pair = pair:gsub("^%s+", "")
        if not pair:find("^gwvisit=") then
            rest[#rest + 1] = pair
        end
    end
    return table.concat(rest, "; ")
end

function _M.enter()
    local var = ngx.var
    if var.http_cookie then
        var.their_cookies = without_ours(var.http_cookie)
    end
    if var.partner == "" then
        return
    end
    local known = var.cookie_gwvisit and visits:get(var.cookie_gwvisit)
    if known then
        var.told = known
        return
    end
    local number = sessions.number(var.remote_addr)
    if number then
        var.told, var.visit = number, to_hex(random.bytes(12))
        visits:set(var.visit, number, LENGTH)
    end
end

function _M.leave()
    if ngx.var.visit ~= "" then
        local ours = "gwvisit=" .. ngx.var.visit .. "; Path=/; HttpOnly"
        local theirs = ngx.header["Set-Cookie"] or {}
        if type(theirs) == "string" then
            theirs = { theirs }
        end
        theirs[#theirs + 1] = ours
        ngx.header["Set-Cookie"] = theirs
    end
end

return _M
