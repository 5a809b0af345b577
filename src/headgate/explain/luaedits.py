"""What can be switched off in Lua: statements, conditions and their parts, entries of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.explain.edits import CONDITION, LETS_THROUGH, SETS, Edit
from headgate.reading.chunk import Chunk, Lua
from headgate.reading.luasyntax import nodes, parsed

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]{2,}")
_REFUSES = re.compile(rb"\breturn\b|\bexit\b")
_BODIES = frozenset({"chunk", "block"})
_STATEMENTS = frozenset({"assignment_statement", "function_call", "return_statement"})
# Words of nearly every statement, and those of the language itself.
_COMMON_WORDS = """
    ngx var req header string type local and not nil true false function return end number name
    value self table
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_CONDITIONAL = frozenset({"if_statement", "elseif_statement", "while_statement"})


def lua_edits(lua: Lua) -> Iterator[Edit]:
    """The edits of every chunk."""
    for chunk in lua.chunks:
        for node in nodes(parsed(chunk.code)):
            for role, where, instead in _instead(node):
                yield _edit(chunk, node, role, where, instead)


def _edit(chunk: Chunk, node: Node, role: str, where: Node, instead: bytes) -> Edit:
    span = chunk.span(where.start_byte, where.end_byte)
    around = tuple(
        chunk.span(one.start_byte, one.end_byte)
        for one in reversed(list(_parents(node)))
        if one.type in _CONDITIONAL
    )
    outer = tuple(one.span for one in chunk.around)
    text = (where if role == CONDITION else node).text or b""
    return Edit(
        ((span, instead),), role, text, (*outer, *around), "lua",
        defines=_defined(node), asks=_words(where) if role == CONDITION else frozenset(),
        gives=_words(node),
    )  # fmt: skip


def _defined(node: Node) -> frozenset[str]:
    """What a statement gives values to: the left side of an assignment, the headers in a call, what
    the function is called whose result it is; of a branch, all that its statements do."""
    if node.type in _CONDITIONAL:
        inner = [one for one in nodes(node) if one.type in _STATEMENTS]
        return frozenset().union(*map(_defined, inner))
    if node.type == "return_statement":
        named = (one.child_by_field_name("name") for one in _parents(node))
        return next((_words(name) for name in named if name is not None), frozenset())
    if node.type == "function_call":
        strings = [one for one in nodes(node) if one.type == "string"]
        return frozenset().union(*map(_words, strings))
    targets = [one for one in nodes(node) if one.type == "variable_list"]
    return _words(targets[0]) if targets else _words(node)


def _words(node: Node) -> frozenset[str]:
    """Names of variables, fields, functions and headers."""
    found = (match.decode().lower() for match in _WORD.findall(node.text or b""))
    return frozenset(found) - _COMMON


def _parents(node: Node) -> Iterator[Node]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def _instead(node: Node) -> Iterator[tuple[str, Node, bytes]]:
    """The roles of a node, what is replaced, and by what."""
    if node.type in _CONDITIONAL and (condition := node.child_by_field_name("condition")):
        # What refuses is made to refuse all; anything else is made to happen never.
        refuses = _REFUSES.search(_body(node))
        yield CONDITION, condition, b" true " if refuses else b" false "
        yield from _operands(condition)
    elif node.type == "field":
        yield LETS_THROUGH, node, b"nil"
    elif node.type == "variable_declaration":
        yield from _declared(node)
    elif node.parent is not None and node.parent.type in _BODIES:
        if node.type in ("assignment_statement", "function_call"):
            yield SETS, node, b"do end"
        elif node.type == "return_statement":
            yield from _returned(node)


def _body(node: Node) -> bytes:
    body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
    return (body.text or b"") if body else b""


def _operands(node: Node) -> Iterator[tuple[str, Node, bytes]]:
    """The parts of a condition: of alternatives each goes, of what must hold together each is
    taken as given."""
    if node.type == "parenthesized_expression":
        for child in node.named_children:
            yield from _operands(child)
    operator = node.child_by_field_name("operator") or (node.child(1) if node.child_count else None)
    if node.type == "binary_expression" and operator and operator.type in ("and", "or"):
        instead = b" false " if operator.type == "or" else b" true "
        for child in node.named_children:
            yield CONDITION, child, instead
            yield from _operands(child)


def _declared(node: Node) -> Iterator[tuple[str, Node, bytes]]:
    """What a local is given; the functions and modules that are given so are needed."""
    for one in node.named_children:
        values = [child for child in one.named_children if child.type == "expression_list"]
        for value in values:
            text = value.text or b""
            if not text.startswith((b"require", b"function", b"ngx.", b"string.", b"{")):
                yield SETS, value, b"nil"
                yield from ((SETS, a, b) for _, a, b in _operands(value.named_children[0]))


def _returned(node: Node) -> Iterator[tuple[str, Node, bytes]]:
    """A return in a branch goes; what is returned goes."""
    inner = node.parent is not None and node.parent.type == "block"
    if inner:
        yield SETS, node, b"do end"
    for values in node.named_children:
        yield SETS, values, b"nil"
        yield from ((SETS, a, b) for _, a, b in _operands(values.named_children[0]))
