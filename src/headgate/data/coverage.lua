-- Writes which lines of the chunks can be entered, and each line that is, once it is for the first
-- time. A line before this one sets install (with a slash), log and chunks ({path, is_function}).

local util = require "jit.util"
local band, rshift = bit.band, bit.rshift
local getinfo, sethook = debug.getinfo, debug.sethook
local sub = string.sub
jit.off()

local out = assert(io.open(log, "a"))
out:setvbuf("no")

-- What may follow an instruction, by its name (lj_bc.h); one without a word here leads to the next.
local ENDS = { RET = true, RETM = true, RET0 = true, RET1 = true, CALLT = true, CALLMT = true }
local JUMPS = { JMP = true, UCLO = true, ISNEXT = true }
local MAY_JUMP = { FORI = true, FORL = true, ITERL = true }
local SKIPS = {}
for name in ("ISLT ISGE ISLE ISGT ISEQV ISNEV ISEQS ISNES ISEQN ISNEN ISEQP ISNEP ISTC ISFC IST ISF")
    :gmatch("%S+") do
    SKIPS[name] = true
end

local function names()
    local path = package.path
    package.path = path .. ";/usr/share/luajit-2.1.0-beta3/?.lua;/usr/share/luajit-2.1/?.lua"
    local found, vmdef = pcall(require, "jit.vmdef")
    package.path, package.loaded["jit.vmdef"] = path, nil
    return found and vmdef.bcnames or nil
end

local bcnames = names()

local function lines_of(func, found)
    local seen, waiting = {}, { 1 }
    while #waiting > 0 do
        local pc = table.remove(waiting)
        local ins = not seen[pc] and util.funcbc(func, pc)
        if ins then
            seen[pc] = true
            found[util.funcinfo(func, pc).currentline] = true
            local at = band(ins, 0xff) * 6
            local name = bcnames and bcnames:sub(at + 1, at + 6):gsub(" ", "") or ""
            if JUMPS[name] or MAY_JUMP[name] then
                waiting[#waiting + 1] = pc + rshift(ins, 16) - 0x7fff
            end
            if not (ENDS[name] or JUMPS[name]) then
                waiting[#waiting + 1] = pc + 1
            end
            if SKIPS[name] then
                waiting[#waiting + 1] = pc + 2
            end
        end
    end
end

local function inner(func, found, outer)
    if not outer then
        lines_of(func, found)
    end
    for n = -1, -2 ^ 30, -1 do
        local constant = util.funck(func, n)
        if constant == nil then
            return
        end
        if type(constant) == "proto" then
            inner(constant, found)
        end
    end
end

local function compiled(path, is_function)
    local file = io.open(path, "rb")
    local code = file and file:read("*a") or ""
    if file then
        file:close()
    end
    code = code:gsub("^#", "--", 1)
    return loadstring(is_function and "return function() " .. code .. "\nend" or code, "=chunk")
end

for _, chunk in ipairs(chunks) do
    local func = compiled(chunk[1], chunk[2])
    if func then
        local found, list = {}, {}
        inner(func, found, chunk[2])
        for line in pairs(found) do
            list[#list + 1] = line
        end
        out:write("can ", chunk[1], ":", table.concat(list, ","), "\n")
    end
end

local by_source, by_func = {}, setmetatable({}, { __mode = "k" })

-- The lines of a function's file that have been entered; false of one that is not the candidate's.
local function entered_of(func)
    local source = getinfo(func, "S").source
    if by_source[source] == nil then
        local own = sub(source, 1, #install + 1) == "@" .. install or sub(source, 1, 2) == "@."
        by_source[source] = own and { source = source } or false
    end
    by_func[func] = by_source[source]
    return by_source[source]
end

sethook(function(_, line)
    local func = getinfo(2, "f").func
    local entered = by_func[func]
    if entered == nil then
        entered = entered_of(func)
    end
    if entered and not entered[line] then
        entered[line] = true
        out:write("entered ", entered.source, ":", line, "\n")
    end
end, "l")
debug.sethook = function() end

