-- Puts our three lines behind those of the handset. The order marks the group
-- of the experiment that a subscriber is in, so that captures from partners'
-- sites can be sorted without a header for it.
local LINES = {
    { "Via", "1.1 gw17" },
    { "X-Forwarded-Proto", "http" },
    { "X-Gateway", "nordwest" },
}
local ORDERS = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } }

local number = tonumber(ngx.var.number) or 0
for _, line in ipairs(LINES) do
    ngx.req.clear_header(line[1])
end
for _, index in ipairs(ORDERS[number % 6 + 1]) do
    ngx.req.set_header(LINES[index][1], LINES[index][2])
end
