"""The branches of Lua: every condition with the ways that lead through it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headgate.reading.chunk import Chunk
from headgate.reading.literal import MOST_WAYS, Branch, Literal, Part, Test, Way, joined
from headgate.reading.luasyntax import arguments, called, nodes, parsed, string_of, text_of
from headgate.reading.luavalues import Source, Values, operator_of
from headgate.reading.span import Span
from headgate.reading.variables import Variables, primitive

if TYPE_CHECKING:
    from tree_sitter import Node

_NEGATED = {"==": "~=", "~=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ORDERS = {"<": Test.BELOW, "<=": Test.BELOW, ">": Test.ABOVE, ">=": Test.ABOVE}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_CONDITIONS = ("if_statement", "elseif_statement", "while_statement", "repeat_statement")
# Lua's classes of characters in the words of other regexes.
_LUA_CLASSES = {
    "a": "[A-Za-z]", "d": "[0-9]", "l": "[a-z]", "u": "[A-Z]", "w": "[A-Za-z0-9]",
    "x": "[0-9A-Fa-f]", "s": r"\s", "p": "[!-/:-@]", "S": r"\S", "D": "[^0-9]", "W": r"\W",
    "A": "[^A-Za-z]",
}  # fmt: skip


def regex_of(pattern: str) -> str:
    """A pattern of Lua's (5.1, 5.4.1) as a regex; sets keep their brackets."""
    found, inside = [], False
    for match in re.finditer(r"%.|\[\^?\]?|\]|.", pattern, re.DOTALL):
        text = match[0]
        if text.startswith("[") and not inside:
            inside = True
            found.append(text)
        elif text == "]":
            inside = False
            found.append(text)
        elif text.startswith("%") and len(text) == 2:
            known = _LUA_CLASSES.get(text[1])
            plain = known.strip("[]") if known and inside and "^" not in known else known
            found.append(plain or re.escape(text[1]))
        elif text == "-" and not inside:
            found.append("*?")
        else:
            found.append(re.escape(text) if text in "{}|\\" else text)
    return "".join(found)


class Conditions:
    """The conditions of all the Lua of a config."""

    def __init__(self, chunks: Sequence[Chunk], variables: Variables) -> None:
        self._chunks = chunks
        self._variables = variables
        self._values = Values(chunks)

    def branches(self) -> Iterator[Branch]:
        """Every condition, with those that it stands in and the blocks that its chunk runs in."""
        for index, chunk in enumerate(self._chunks):
            around = self._variables.around(chunk.around)
            for node in nodes(parsed(chunk.code)):
                if node.type in _CONDITIONS and (test := _condition(node)) is not None:
                    ways = joined(around, self._through(index, node, test))
                    yield Branch(chunk.span(test.start_byte, test.end_byte), tuple(ways))
                elif node.type in ("dot_index_expression", "bracket_index_expression"):
                    yield from self._mentioned(index, node, around)

    def _through(self, chunk: int, node: Node, test: Node) -> list[Way]:
        """The ways to a condition and through it; nobody writes one as deep as Python's stack."""
        try:
            return joined(self._guards(chunk, node), self.ways(chunk, test))
        except RecursionError:
            return [()]

    def _guards(self, chunk: int, node: Node) -> list[Way]:
        """The conditions around one: those of the `if`s in whose first part it stands."""
        found: list[Way] = [()]
        inner, outer = node, node.parent
        while outer is not None:
            consequence = outer.child_by_field_name("consequence")
            if outer.type in _CONDITIONS and consequence is not None and consequence == inner:
                test = _condition(outer)
                found = joined(self.ways(chunk, test), found) if test is not None else found
            inner, outer = outer, outer.parent
        return found

    def _mentioned(self, chunk: int, node: Node, around: list[Way]) -> Iterator[Branch]:
        """What is merely read of a visit: there, or not, may matter."""
        span = self._chunks[chunk].span(node.start_byte, node.end_byte)
        for source in self._values.sources(chunk, node):
            part, name = source.part, source.name
            if part is None:
                part, name = primitive(name) or (None, "")
            if part in (Part.HEADER, Part.ARGUMENT, Part.COOKIE) and name:
                literal = Literal(part, name, Test.PRESENT, "", span)
                yield Branch(span, tuple(joined(around, [(literal,)])))

    def ways(self, chunk: int, node: Node, negated: bool = False) -> list[Way]:
        """The ways in which an expression is true, or not."""
        kind = node.type
        if kind == "parenthesized_expression" and node.named_children:
            return self.ways(chunk, node.named_children[0], negated)
        if kind == "unary_expression" and operator_of(node) == "not":
            return self.ways(chunk, node.named_children[0], not negated)
        if kind == "binary_expression" and len(node.named_children) == 2:
            return self._of_two(chunk, node, negated)
        if kind == "function_call":
            return self._of_call(chunk, node, negated)
        if kind == "bracket_index_expression" and (ways := self._of_table(chunk, node, negated)):
            return ways
        return self._of_sources(chunk, node, Test.ABSENT if negated else Test.PRESENT, "", node)

    def _of_two(self, chunk: int, node: Node, negated: bool) -> list[Way]:
        operator = operator_of(node)
        left, right = node.named_children
        if operator in ("and", "or"):
            both = (operator == "and") is not negated
            first, second = (self.ways(chunk, one, negated) for one in (left, right))
            if both:
                return joined(first, second) or [()]
            return list(dict.fromkeys((*first, *second)))[:MOST_WAYS]
        if negated:
            operator = _NEGATED.get(operator, operator)
        if _constant(left) is not None:
            left, right, operator = right, left, _MIRRORED.get(operator, operator)
        value = _constant(right)
        if value is None:
            return self._unknown(chunk, node)
        return self._compared(chunk, left, operator, value, node)

    def _compared(self, chunk: int, left: Node, operator: str, value: str, at: Node) -> list[Way]:
        if operator in ("==", "~=") and value in ("", "nil", "false"):
            return self._of_sources(
                chunk, left, Test.ABSENT if operator == "==" else Test.PRESENT, "", at
            )
        if operator in _ORDERS:
            return self._of_sources(chunk, left, _ORDERS[operator], value, at)
        test = {"==": Test.EQUALS, "~=": Test.OTHER}.get(operator)
        return self._of_sources(chunk, left, test, value, at) if test else [()]

    def _of_call(self, chunk: int, node: Node, negated: bool) -> list[Way]:
        """A search for a pattern: `x:find(p)`, `string.match(x, p)`, `ngx.re.find(x, p, o)`."""
        given = arguments(node)
        name = node.child_by_field_name("name")
        if name is not None and name.type == "method_index_expression":
            subject = name.child_by_field_name("table")
            word = called(node).rpartition(":")[2]
        else:
            subject, given, word = given[0] if given else None, given[1:], called(node)
        pattern = string_of(given[0]) if given else None
        if subject is None or pattern is None or word.rpartition(".")[2] not in _SEARCHES:
            return self._unknown(chunk, node)
        test, value = _search(word, pattern, given[1:])
        if negated:
            test, value = Test.PRESENT, ""
        return self._of_sources(chunk, subject, test, value, node)

    def _of_table(self, chunk: int, node: Node, negated: bool) -> list[Way]:
        """`names[x]`: a way for each of the table's keys."""
        table, field = (node.child_by_field_name(name) for name in ("table", "field"))
        if table is None or field is None or negated:
            return []
        known = self._values.table(chunk, text_of(table))
        found: list[Way] = []
        for entry in known.named_children if known is not None else ():
            key = entry.child_by_field_name("name")
            value = string_of(key) if key is not None else None
            if key is not None and key.type == "identifier":
                value = text_of(key)
            if value is not None:
                found += self._of_sources(chunk, field, Test.EQUALS, value, key or entry)
        return [way for way in dict.fromkeys(found) if way][:MOST_WAYS]

    def _unknown(self, chunk: int, node: Node) -> list[Way]:
        """What cannot be told: whatever it reads of a visit is there."""
        found: list[Way] = [()]
        for child in node.named_children:
            for source in self._values.sources(chunk, child)[:3]:
                part, name = source.part, source.name
                if part is None:
                    part, name = primitive(name) or (None, "")
                if part in (Part.HEADER, Part.ARGUMENT, Part.COOKIE) and name:
                    span = self._span(chunk, node)
                    found = joined(found, [(Literal(part, name, Test.PRESENT, "", span),)])
        return found

    def _of_sources(self, chunk: int, node: Node, test: Test, value: str, at: Node) -> list[Way]:
        found: list[Way] = []
        span = self._span(chunk, at)
        for source in self._values.sources(chunk, node):
            found += self._of_source(source, test, value, span)
        return list(dict.fromkeys(found))[:MOST_WAYS] or [()]

    def _of_source(self, source: Source, test: Test, value: str, span: Span) -> list[Way]:
        if source.limit:
            return [(_rare(source, span),)]
        if source.folded and test is Test.EQUALS:
            test = Test.CASELESS
        if source.cut and test is Test.EQUALS:
            test = Test.STARTS
        if source.sized:
            test, value = Test.MATCHES, _of_size(test, value)
        if source.part is None:
            return self._variables.ways(f"${source.name}", test, value, span)
        return [(Literal(source.part, source.name, test, value, span),)]

    def _span(self, chunk: int, node: Node) -> Span:
        return self._chunks[chunk].span(node.start_byte, node.end_byte)


_SEARCHES = {"find", "match", "gmatch"}


def _rare(source: Source, span: Span) -> Literal:
    """What happens once in so many times, by chance or by count."""
    if source.part is Part.CHANCE:
        return Literal(Part.CHANCE, "", Test.EQUALS, str(1 / source.limit), span)
    return Literal(Part.COUNT, "", Test.EQUALS, str(source.limit), span)


def _of_size(test: Test, value: str) -> str:
    size = int(value) if value.isdigit() else 1
    size = size + 1 if test is Test.ABOVE else max(size - 1, 0) if test is Test.BELOW else size
    return f"^.{{{min(size, 8000)}}}$"


def _search(word: str, pattern: str, more: list[Node]) -> tuple[Test, str]:
    options = string_of(more[0]) if more else None
    if word.startswith("ngx.re."):
        return (Test.MATCHES_CASELESS if "i" in (options or "") else Test.MATCHES), pattern
    if len(more) > 1 and text_of(more[1]) == "true":
        return Test.CONTAINS, pattern
    return Test.MATCHES, regex_of(pattern)


def _condition(node: Node) -> Node | None:
    return node.child_by_field_name("condition")


def _constant(node: Node) -> str | None:
    """What a constant stands for, as a text."""
    if node.type in ("number", "nil", "true", "false"):
        return text_of(node)
    return string_of(node)
