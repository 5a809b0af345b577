r"""Where the Lua of a `..._by_lua_block` ends, as lua-nginx-module sees it.

It does not read Lua: it looks for the next of eight patterns, the leftmost, the first of those that
begin at one place (`ngx_http_lua_lex`, from util/gen-lexer-c), and counts braces. A quote without
its fellow in the same line is passed over; a long bracket ends at the very same one.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    rb"(?P<open>\{)|(?P<close>\})|(?P<long>(?:--)?\[=*\[)|\]=*\]|--[^\n]*"
    rb'|"(?:\\[^\n]|[^"\n\\])*"'
    rb"|'(?:\\[^\n]|[^'\n\\])*'"
)


class Unended(Exception):
    """The body has no end: `offset` is the place that nginx names, `what` is missing."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


def closing_brace(data: bytes, start: int) -> int:
    """The offset of the brace that ends the Lua from `start` on. Raises `Unended`."""
    level, at, opened = 1, start, start
    while match := _TOKEN.search(data, at):
        at = match.end()
        if match["open"]:
            level, opened = level + 1, match.start()
        elif match["close"]:
            level -= 1
            if not level:
                return match.start()
        elif match["long"]:
            at = _behind_long(data, match)
    raise Unended(opened, "unexpected end of file, expected the end of this block of Lua")


def _behind_long(data: bytes, match: re.Match[bytes]) -> int:
    closing = match[0].removeprefix(b"--").replace(b"[", b"]")
    found = data.find(closing, match.end())
    if found < 0:
        raise Unended(match.start(), f"expected the closing long bracket {closing.decode()}")
    return found + len(closing)
