"""What can be switched off in Lua: statements, conditions and their parts, entries of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from headgate.explain.edits import CONDITION, LETS_THROUGH, SETS, Edit
from headgate.reading.chunk import Chunk, Lua
from headgate.reading.luasyntax import nodes, parsed

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]{2,}")
# What a branch holds that only sends away: a return of nothing, an exit with anything but success,
# and what may be said of that.
_NOTHING = rb"return\s*(?:(?:nil|false|\"\"|'')\s*(?:,.*)?)?"
_EXIT = rb"(?:return\s+)?[\w.]*\bexit\s*\((?!\s*(?:200|ngx\.HTTP_OK)\b).*"
_SAID = rb"ngx\.(?:log|say|print)\s*\(.*|ngx\.status\s*=.*"
_REFUSAL = re.compile(rb"(?:%b|%b|%b);?\Z" % (_NOTHING, _EXIT, _SAID), re.S)
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
            for part in _instead(node):
                yield _edit(chunk, node, part)


class _Part(NamedTuple):
    """What is replaced, by what, and whether that lets more through."""

    role: str
    where: Node
    instead: bytes
    opens: bool = False


def _edit(chunk: Chunk, node: Node, part: _Part) -> Edit:
    role, where, instead, opens = part
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
        gives=_words(node), opens=opens, function=_function_around(node), calls=_called(node),
    )  # fmt: skip


def _defined(node: Node) -> frozenset[str]:
    """What a statement gives values to: the left side of an assignment, the headers in a call, what
    the function is called whose result it is; of a branch, all that its statements do."""
    if node.type in _CONDITIONAL:
        inner = [one for one in nodes(node) if one.type in _STATEMENTS]
        return frozenset().union(*map(_defined, inner))
    if node.type == "return_statement":
        return _function_around(node)
    if node.type == "function_call":
        strings = [one for one in nodes(node) if one.type == "string"]
        return frozenset().union(*map(_words, strings))
    targets = [one for one in nodes(node) if one.type == "variable_list"]
    return _words(targets[0]) if targets else _words(node)


def _function_around(node: Node) -> frozenset[str]:
    """What the function is called that this stands in."""
    named = (one.child_by_field_name("name") for one in _parents(node))
    return next((_words(name) for name in named if name is not None), frozenset())


def _called(node: Node) -> frozenset[str]:
    """The function that a statement calls, and does nothing else."""
    if node.type == "return_statement":
        (values, *_) = node.named_children or [node]
        if values.named_child_count != 1:
            return frozenset()
        node = values.named_children[0]
    name = node.child_by_field_name("name") if node.type == "function_call" else None
    return _last_word(name) if name else frozenset()


def _last_word(node: Node) -> frozenset[str]:
    """What a function is called within its module."""
    found = _WORD.findall(node.text or b"")
    return frozenset(one.decode().lower() for one in found[-1:]) - _COMMON


def _words(node: Node) -> frozenset[str]:
    """Names of variables, fields, functions and headers."""
    found = (match.decode().lower() for match in _WORD.findall(node.text or b""))
    return frozenset(found) - _COMMON


def _parents(node: Node) -> Iterator[Node]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def _instead(node: Node) -> Iterator[_Part]:
    """The roles of a node, what is replaced, and by what."""
    if node.type in _CONDITIONAL and (condition := node.child_by_field_name("condition")):
        # What sends away is made to send all away; anything else is made to happen never.
        refuses = _refuses(node)
        yield _Part(CONDITION, condition, b" true " if refuses else b" false ")
        yield from _operands(condition, CONDITION, refuses=refuses)
    elif node.type == "field":
        yield _Part(LETS_THROUGH, node, b"nil")
    elif node.type == "variable_declaration":
        yield from _declared(node)
    elif node.parent is not None and node.parent.type in _BODIES:
        if node.type in ("assignment_statement", "function_call"):
            yield _Part(SETS, node, b"do end")
        elif node.type == "return_statement":
            yield from _returned(node)


def _refuses(node: Node) -> bool:
    """Whether a branch does nothing but end what goes on."""
    body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
    statements = body.named_children if body else []
    told = [one.text or b"" for one in statements if one.type != "comment"]
    return bool(told) and all(_REFUSAL.match(one) for one in told)


def _operands(node: Node, role: str, *, refuses: bool = False) -> Iterator[_Part]:
    """The parts of a condition: of alternatives each goes, of what must hold together each is
    taken as given."""
    if node.type == "parenthesized_expression":
        for child in node.named_children:
            yield from _operands(child, role, refuses=refuses)
    operator = node.child_by_field_name("operator") or (node.child(1) if node.child_count else None)
    if node.type == "binary_expression" and operator and operator.type in ("and", "or"):
        instead = b" false " if operator.type == "or" else b" true "
        for child in node.named_children:
            yield _Part(role, child, instead, (operator.type == "and") != refuses)
            yield from _operands(child, role, refuses=refuses)


def _declared(node: Node) -> Iterator[_Part]:
    """What a local is given; the functions and modules that are given so are needed."""
    for one in node.named_children:
        values = [child for child in one.named_children if child.type == "expression_list"]
        for value in values:
            text = value.text or b""
            if not text.startswith((b"require", b"function", b"ngx.", b"string.", b"{")):
                yield _Part(SETS, value, b"nil")
                yield from _operands(value.named_children[0], SETS)


def _returned(node: Node) -> Iterator[_Part]:
    """A return in a branch goes; what is returned goes."""
    inner = node.parent is not None and node.parent.type == "block"
    if inner:
        yield _Part(SETS, node, b"do end")
    for values in node.named_children:
        yield _Part(SETS, values, b"nil")
        yield from _operands(values.named_children[0], SETS)
