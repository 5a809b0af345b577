"""Lua as a tree (tree-sitter), and its strings as the bytes that they stand for.

The tree is made of whatever there is: where the text is no Lua, it has errors in it, and the rest
of it is there all the same. What is Lua and what is not, LuaJIT says (`luajit.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from headgate.reading.span import decoded

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_ESCAPE = re.compile(
    rb"\\(?:(?P<decimal>[0-9]{1,3})|x(?P<hex>[0-9A-Fa-f]{2})|u\{(?P<point>[0-9A-Fa-f]+)\}"
    rb"|z(?P<skip>[ \t\r\n\f\v]*)|(?P<line>\r\n|\n\r|[\r\n])|(?P<char>[\s\S]))"
)
_CHARS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_LONG = re.compile(rb"\[(=*)\[(?:\r\n|\n\r|[\r\n])?([\s\S]*)\]\1\]\Z")
_LOADS = {"require", "dofile", "loadfile"}


@cache
def _parser() -> Parser:
    """The parser; its library is loaded where Lua is met for the first time."""
    import tree_sitter
    import tree_sitter_lua

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_lua.language()))


@lru_cache(256)
def parsed(code: bytes) -> Node:
    """The root of the tree; the offsets in it are bytes of the code."""
    return _parser().parse(code).root_node


def nodes(root: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.named_children)


def text_of(node: Node) -> str:
    return decoded(node.text or b"")


def string_of(node: Node | None) -> str | None:
    """What a string stands for; None of anything else."""
    if node is not None and node.type == "parenthesized_expression" and node.named_child_count:
        return string_of(node.named_children[0])
    if node is None or node.type != "string" or not node.text:
        return None
    written = node.text
    if long := _LONG.match(written):
        return decoded(long[2])
    return decoded(_ESCAPE.sub(_unescaped, written[1:-1]))


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match["decimal"]:
        return bytes([min(int(match["decimal"]), 255)])
    if match["hex"]:
        return bytes([int(match["hex"], 16)])
    if match["point"]:
        return chr(min(int(match["point"], 16), 0x10FFFF)).encode("utf-8", "replace")
    if match["line"]:
        return b"\n"
    if match["char"]:
        return _CHARS.get(match["char"], match["char"])
    return b""


def arguments(call: Node) -> list[Node]:
    """What a call is given."""
    given = call.child_by_field_name("arguments")
    if given is None:
        return []
    return [node for node in given.named_children if node.type != "comment"]


def called(call: Node) -> str:
    """The name that a call names, as it was written."""
    name = call.child_by_field_name("name")
    return text_of(name) if name is not None else ""


def required(code: bytes) -> Iterator[tuple[str, int, int]]:
    """The names of the modules and files that a chunk loads, and where they stand in it."""
    for node in nodes(parsed(code)):
        if node.type == "function_call":
            yield from _loaded(called(node), arguments(node))


def _loaded(name: str, given: list[Node]) -> Iterator[tuple[str, int, int]]:
    if name in ("pcall", "xpcall") and given and text_of(given[0]) in _LOADS:
        given = given[1:]
    elif name not in _LOADS:
        return
    for node in given[:1]:
        if (module := string_of(node)) is not None:
            yield module, node.start_byte, node.end_byte
