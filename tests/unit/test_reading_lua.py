"""The Lua of a config: what is gathered, where it stands, and what LuaJIT says of it."""

from __future__ import annotations

import random
import re

import pytest

from headgate.reading.chunk import Chunk, Lua, lua_of
from headgate.reading.config import read_config
from headgate.reading.luaconditions import regex_of
from headgate.reading.luajit import COMMAND, problem_from, problems, questions
from headgate.reading.luasyntax import nodes, parsed, string_of
from headgate.reading.samples import matching, nearly, translated
from headgate.reading.shelf import Shelf


def gathered(main: str, **files: str) -> Lua:
    held = {"nginx.conf": main.encode()}
    held |= {f"lua/{name.replace('__', '/')}.lua": text.encode() for name, text in files.items()}
    shelf = Shelf(held)
    return lua_of(read_config(shelf), shelf)


PATH = 'lua_package_path "/etc/nginx/lua/?.lua;;";\n'


def test_modules_are_found_by_the_package_path_each_once() -> None:
    lua = gathered(
        PATH + "a_by_lua_block { require('one') require 'one' }",
        one="local ok, two = pcall(require, 'deep.two')\nlocal cjson = require [[cjson]]",
        deep__two="return 1",
    )
    assert [(chunk.text.name, chunk.module) for chunk in lua.chunks] == [
        ("nginx.conf", ""),
        ("lua/one.lua", "one"),
        ("lua/deep/two.lua", "deep.two"),
    ]
    ((name, span),) = lua.unread
    assert (name, str(span)) == ("cjson", "lua/one.lua:2:23")


def test_files_and_strings_of_lua_are_gathered_too() -> None:
    lua = gathered(
        "content_by_lua_file /etc/nginx/lua/page.lua;\n"
        "set_by_lua $x 'return 1';\nset_by_lua_file $y /etc/nginx/lua/page.lua;\n"
        "access_by_lua_file lua/page.lua;",
        page="return 2",
    )
    assert [chunk.code for chunk in lua.chunks] == [b"return 2", b"return 1", b"return 2"]
    assert [name for name, _ in lua.unread] == ["lua/page.lua"]  # below nginx's prefix


def test_the_bytes_of_an_escaped_string_keep_their_places() -> None:
    main = "access_by_lua 'a = \\'b\\'\n  c = d';"
    (chunk,) = gathered(main).chunks
    assert chunk.code == b"a = 'b'\n  c = d"
    start = chunk.code.index(b"c")
    span = chunk.span(start, start + 5)
    assert main[span.start : span.end] == "c = d"
    assert str(chunk.span_of_line(2)) == "nginx.conf:2:3"


def block(code: str) -> Chunk:
    (chunk,) = gathered(f"http {{\n access_by_lua_block {{{code}}} }}").chunks
    return chunk


@pytest.mark.parametrize(
    ("code", "message", "wanted"),
    [
        (
            " local a =\n\n  = 1 ",
            "luajit: stdin:3: unexpected symbol near '='",
            "nginx.conf:4:3: this is not Lua: unexpected symbol near '='",
        ),
        (
            "\n if x then\n",
            "stdin:4: 'end' expected near '<eof>'",
            "nginx.conf:4:1: this is not Lua: 'end' expected near '<eof>'",
        ),
        (
            " x y ",
            "stdin:1: '=' expected near 'y'",
            "nginx.conf:2:26: this is not Lua: '=' expected near 'y'",
        ),
        ("", "stdin: no such thing", "nginx.conf:2:23: this is not Lua: stdin: no such thing"),
    ],
)
def test_what_luajit_says_is_told_at_the_candidate_s_own_line(
    code: str, message: str, wanted: str
) -> None:
    assert str(problem_from(block(code), message)) == wanted


def test_all_chunks_are_asked_about_at_once() -> None:
    good, bad = block(" return "), block(" x y ")
    assert COMMAND[0] == "luajit"
    assert questions([good]) == b"30\nreturn function()  return \nend"
    (problem,) = problems([good, bad], "2 stdin:1: '=' expected near 'y'\n", "candidate")
    assert problem.where == "candidate/nginx.conf:2:26"


def test_what_runs_at_the_start_is_compiled_as_it_is() -> None:
    (chunk,) = gathered("init_by_lua_block { return ... }").chunks
    assert questions([chunk]) == b"12\n return ... "


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('"a\\tb"', "a\tb"),
        ("'\\55\\x37'", "77"),
        ("'a\\z  \n  b'", "ab"),
        ("'\\u{e9}'", "é"),
        ('"\\\'\\"\\\\"', "'\"\\"),
        ("[[\na\\n]]", "a\\n"),
        ("[==[ ]] ]==]", " ]] "),
        ("'a\\\nb'", "a\nb"),
    ],
)
def test_a_string_of_lua_stands_for_its_bytes(written: str, wanted: str) -> None:
    (found,) = [node for node in nodes(parsed(f"x = {written}".encode())) if node.type == "string"]
    assert string_of(found) == wanted


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^%d+$", "4711"),
        ("^[%a_][%w_-]*$", "a-b_9"),
        ("%.example$", "shop.example"),
        ("^(.-):", "ab:"),
        ("a{2}|b", "a{2}|b"),
        ("^[^%s]+$", "abc"),
    ],
)
def test_a_pattern_of_lua_becomes_a_regex(pattern: str, text: str) -> None:
    assert re.search(regex_of(pattern), text)


REGEXES = [
    "^/offers/",
    r"^([a-z0-9_-]+\.)+adult\.example$",
    r"^(?<number>[1-9]\d{7,14})$",
    r"\.(?:gif|png)$",
    "(?i)nokia[^/]+/[0-9]{2,}",
    "^[[:digit:]]{3}[[:alpha:]]$",
    r"^\Qa.b\E\h?$",
    "^(a|bc)\\1$",
    "^(?>ab)c*+d$",
    "^[^a-z0-9]$",
    "^(?<x>[ab])\\k{x}\\z",
]


@pytest.mark.parametrize("regex", REGEXES)
def test_what_is_made_for_a_regex_matches_it(regex: str) -> None:
    found = matching(regex, random.Random(3), 3)
    assert found
    assert all(re.search(translated(regex), text) for text in found)
    assert all(text.isprintable() and len(text) < 80 for text in found)


def test_the_same_seed_makes_the_same_texts() -> None:
    made = [[matching(regex, random.Random(9), 3) for regex in REGEXES] for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize("regex", ["a(b", "(?R)a", "^a$b^"])
def test_what_cannot_be_made_is_not(regex: str) -> None:
    assert matching(regex, random.Random(1), 3) == []


def test_what_is_nearly_a_text_is_not_it() -> None:
    near = nearly("trace", random.Random(1))
    assert "trace" not in near
    assert {"trac", "race", "TRACE"} <= set(near)
