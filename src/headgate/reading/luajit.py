"""Lua checked by LuaJIT itself, before any traffic: nginx would find its faults with the first
request (`nginx -t` does not compile it).

`COMMAND` is run once, in the gateway's image, with `questions` as its standard input; `problems`
reads its standard output. All chunks are compiled by one LuaJIT, none is run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headgate.errors import Problem
from headgate.reading.chunk import Chunk
from headgate.reading.span import Span

# As `luajit -bl` does: compile, by the name "stdin". A line of length goes before each chunk.
_SCRIPT = """
local number = 0
for size in io.lines() do
    number = number + 1
    local code = tonumber(size) > 0 and io.read(tonumber(size)) or ""
    local _, message = loadstring(code, "=stdin")
    if message then io.write(number, " ", (message:gsub("[\\r\\n]", " ")), "\\n") end
end
"""
COMMAND = ("luajit", "-e", _SCRIPT)

# What nginx puts around the body of a function (ngx_http_lua_clfactory.c).
_BEGIN, _END = b"return function() ", b"\nend"
_ANSWER = re.compile(r"^(\d+) stdin:(\d+): (.*)$", re.M)
_NEAR = re.compile(r" near '(.*)'$")


def questions(chunks: Sequence[Chunk]) -> bytes:
    """The standard input: every chunk as nginx would compile it."""
    codes = [_compiled(chunk) for chunk in chunks]
    return b"".join(b"%d\n%s" % (len(code), code) for code in codes)


def _compiled(chunk: Chunk) -> bytes:
    code = chunk.code
    if chunk.code.startswith(b"#"):  # a first line for a shell (luaL_loadfile)
        code = b"--" + code[1:]
    return _BEGIN + code + _END if chunk.is_function else code


def problems(chunks: Sequence[Chunk], answers: str, name: str = "") -> tuple[Problem, ...]:
    """What LuaJIT found, by file, line and column; `name` is the candidate's."""
    return tuple(
        problem_from(chunks[int(match[1]) - 1], f"stdin:{match[2]}: {match[3]}", name)
        for match in _ANSWER.finditer(answers)
    )


def problem_from(chunk: Chunk, message: str, name: str = "") -> Problem:
    """A message of LuaJIT's (`luajit: stdin:LINE: …`) on a chunk, at its place in the candidate."""
    match = re.search(r"stdin:(\d+): (.*)", message)
    line, what = (int(match[1]), match[2]) if match else (1, message)
    span = chunk.span_of_line(line)
    near = _NEAR.search(what)
    if near:
        span = _at_word(chunk, line, near[1]) or span
    return Problem(f"{name}/{span}" if name else str(span), f"this is not Lua: {what}")


def _at_word(chunk: Chunk, line: int, word: str) -> Span | None:
    """The place of the word that LuaJIT stopped at, which says no column; None where the word does
    not stand in that line, or twice."""
    lines = chunk.code.split(b"\n")
    if not 0 < line <= len(lines) or lines[line - 1].count(word.encode()) != 1:
        return None
    start = sum(len(one) + 1 for one in lines[: line - 1]) + lines[line - 1].index(word.encode())
    return chunk.span(start, start + len(word.encode()))
