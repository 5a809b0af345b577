-- Address to number, of those who have agreed. A reload makes a new table; nothing of
-- the old one stays, so nobody keeps a number whose line is gone.
local _M = {}

local numbers = {}

function _M.load(path)
    numbers = {}
    for line in io.lines(path) do
        local address, number, consent = line:match("^([%d.]+),([1-9]%d+),(%a+)$")
        if consent == "yes" and #number >= 8 and #number <= 15 then
            numbers[address] = number
        end
    end
end

function _M.number_of(address)
    return numbers[address]
end

return _M
