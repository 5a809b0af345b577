"""The branches of Lua: every condition with the ways that lead through it, or past it.

A condition that asks a function of the config's own is followed into what that returns, and a block
that gives up (`return`, `ngx.exit`) stands in the way of all that comes behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headgate.reading.chunk import Chunk
from headgate.reading.literal import MOST_WAYS, Branch, Literal, Part, Test, Way, joined
from headgate.reading.luasyntax import arguments, called, nodes, parsed, string_of, text_of
from headgate.reading.luavalues import SEARCHES, Source, Values, operator_of, returns
from headgate.reading.span import Span
from headgate.reading.variables import Variables, primitive

if TYPE_CHECKING:
    from tree_sitter import Node

_NEGATED = {"==": "~=", "~=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ORDERS = {"<": Test.BELOW, "<=": Test.BELOW, ">": Test.ABOVE, ">=": Test.ABOVE}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_CONDITIONS = ("if_statement", "elseif_statement", "while_statement", "repeat_statement")
_COMPARISONS = {"==", *_ORDERS}
_BLOCKS = ("block", "chunk", "function_declaration", "function_definition")
_FUNCTIONS = ("function_declaration", "function_definition")
MOST_CALLS = 4
MOST_STEPS = 1000  # of one condition
_NUMBER = re.compile(r"[1-9][0-9]{6,14}\Z")
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{9,14}\Z")
_BEGINNING = re.compile(r"[1-9][0-9]{5,14}")  # of a number, or a part of one
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


def _taken_out(pattern: str, value: str) -> str:
    """A pattern of Lua's as a regex, this value standing where it takes something out."""
    depth, start = 0, 0
    for match in re.finditer(r"%.|\[\^?\]?[^\]]*\]|[()]", pattern, re.DOTALL):
        if match[0] == "(":
            start = start if depth else match.start()
            depth += 1
        elif match[0] == ")" and depth:
            depth -= 1
            if not depth:
                before, after = pattern[:start], pattern[match.end() :]
                return f"{regex_of(before)}(?:{re.escape(value)}){regex_of(after)}"
    return re.escape(value)


def _ends(node: Node) -> int:
    """Of how many last characters a text is asked, where it is."""
    asked = node.type == "function_call" and called(node).endswith(":sub")
    first = text_of(arguments(node)[0]) if asked and arguments(node) else ""
    return int(first[1:]) if re.fullmatch(r"-[0-9]", first) else 0


def _of_a_number(test: Test, value: str, span: Span, ends: int) -> Literal | None:
    """What is compared with something from elsewhere, as the session is: whose number it is."""
    if test is Test.EQUALS and ends == len(value) > 1 and value.isdigit():
        return Literal(Part.NUMBER, "", Test.ENDS, value, span)
    if test in (Test.MATCHES, Test.MATCHES_CASELESS):
        told = _BEGINNING.search(value)
    elif test in (Test.ABOVE, Test.BELOW):
        told = _WHOLE_NUMBER.match(value)
    else:
        test, told = Test.STARTS, _NUMBER.match(value)
    return Literal(Part.NUMBER, "", test, value, span) if told else None


class Conditions:
    """The conditions of all the Lua of a config."""

    def __init__(self, chunks: Sequence[Chunk], variables: Variables) -> None:
        self._chunks = chunks
        self._variables = variables
        self._values = Values(chunks)
        self._called: list[tuple[int, int]] = []
        self._steps = 0

    def branches(self) -> Iterator[Branch]:
        """Every condition, with those that it stands in and the blocks that its chunk runs in."""
        for index, chunk in enumerate(self._chunks):
            around = self._variables.around(chunk.around)
            for node in nodes(parsed(chunk.code)):
                if node.type in _CONDITIONS and (test := _condition(node)) is not None:
                    yield self._branch(index, test, around, self._through(index, node, test))
                    past = self._through(index, node, test, negated=True)
                    if any(literal.test in _TELLING for way in past for literal in way):
                        yield self._branch(index, test, around, past)
                elif node.type == "binary_expression" and operator_of(node) in _COMPARISONS:
                    if not _is_in_condition(node):
                        ways = self._through(index, node, node)
                        yield self._branch(index, node, around, ways)
                elif node.type in ("dot_index_expression", "bracket_index_expression"):
                    yield from self._of_entries(index, node, around)
                    yield from self._mentioned(index, node, around)

    def _branch(self, chunk: int, test: Node, around: list[Way], ways: list[Way]) -> Branch:
        return Branch(self._span(chunk, test), tuple(joined(around, ways)))

    def _of_entries(self, chunk: int, node: Node, around: list[Way]) -> Iterator[Branch]:
        """An entry of a table of the config's own, which a visit may choose."""
        if node.type == "bracket_index_expression":
            ways = self._of_table(chunk, node, negated=False)
            if ways:
                guards = self._guarded(chunk, node)
                yield self._branch(chunk, node, around, joined(guards, ways))

    def _through(self, chunk: int, node: Node, test: Node, *, negated: bool = False) -> list[Way]:
        """The ways to a condition and through it; nobody writes one as deep as Python's stack."""
        self._steps = 0
        try:
            return joined(self._guards(chunk, node), self.ways(chunk, test, negated))
        except RecursionError:
            return [()]

    def _guarded(self, chunk: int, node: Node) -> list[Way]:
        self._steps = 0
        try:
            return self._guards(chunk, node)
        except RecursionError:
            return [()]

    def _guards(self, chunk: int, node: Node) -> list[Way]:
        """The conditions around one: those of the `if`s in whose first part it stands, and of those
        before it that would have given up. Up to the function that it stands in."""
        found: list[Way] = [()]
        inner, outer = node, node.parent
        while outer is not None and inner.type not in _FUNCTIONS:
            consequence = outer.child_by_field_name("consequence")
            if outer.type in _CONDITIONS and consequence is not None and consequence == inner:
                test = _condition(outer)
                found = joined(self.ways(chunk, test), found) if test is not None else found
            elif outer.type in _BLOCKS:
                for test in _given_up(outer, inner):
                    found = joined(self.ways(chunk, test, negated=True), found) or found
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
        self._steps += 1
        if self._steps > MOST_STEPS:
            return [()]
        if kind == "identifier" and (asked := self._values.asked(chunk, text_of(node))):
            found = [way for one in asked for way in self.ways(chunk, one, negated)]
            return list(dict.fromkeys(found))[:MOST_WAYS]
        if kind in ("true", "false", "nil"):
            return [()] if (kind == "true") is not negated else []
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
        if self._values.constants(chunk, left):
            left, right, operator = right, left, _MIRRORED.get(operator, operator)
        found = [
            way
            for value in self._values.constants(chunk, right)
            for way in self._compared(chunk, left, operator, value, node)
        ]
        return list(dict.fromkeys(found))[:MOST_WAYS] or self._unknown(chunk, node)

    def _compared(self, chunk: int, left: Node, operator: str, value: str, at: Node) -> list[Way]:
        if operator in ("==", "~=") and value in ("nil", "false") and left.type == "function_call":
            return self.ways(chunk, left, operator == "==")
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
        if subject is None or pattern is None or word.rpartition(".")[2] not in SEARCHES:
            return self._of_function(chunk, node, negated)
        test, value = _search(word, pattern, given[1:])
        if negated:
            test, value = Test.PRESENT, ""
        return self._of_sources(chunk, subject, test, value, node)

    def _of_function(self, chunk: int, call: Node, negated: bool) -> list[Way]:
        """A call of a function of the config's own: the ways to what it returns, that are true."""
        functions = self._values.functions(call)[:MOST_CALLS]
        if not functions or len(self._called) > MOST_CALLS or negated:
            return self._unknown(chunk, call)
        found: list[Way] = []
        for at, function in functions:
            if (at, function.start_byte) in self._called:
                continue
            self._called.append((at, function.start_byte))
            try:
                for returned in returns(function):
                    found += self._to_return(at, returned)
            finally:
                self._called.pop()
        return list(dict.fromkeys(found))[:MOST_WAYS] or self._unknown(chunk, call)

    def _to_return(self, chunk: int, returned: Node) -> list[Way]:
        values = [one for child in returned.named_children for one in child.named_children]
        ways = self.ways(chunk, values[0]) if values else []
        return joined(self._guards(chunk, returned), ways)

    def _of_table(self, chunk: int, node: Node, negated: bool) -> list[Way]:
        """`names[x]`: a way for each of the table's keys."""
        table, field = (node.child_by_field_name(name) for name in ("table", "field"))
        if table is None or field is None or negated:
            return []
        found: list[Way] = []
        for value, key in self._values.keys(chunk, text_of(table)):
            found += self._of_sources(chunk, field, Test.EQUALS, value, key)
            if len(found) > MOST_WAYS:
                break
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
        if not found and (literal := _of_a_number(test, value, span, _ends(node))):
            found = [(literal,)]
        return list(dict.fromkeys(found))[:MOST_WAYS] or [()]

    def _of_source(self, source: Source, test: Test, value: str, span: Span) -> list[Way]:
        if source.limit and source.part is Part.NUMBER:
            digits = len(str(source.limit)) - 1
            ends = source.limit == 10**digits and test is Test.EQUALS and value.isdigit()
            last = Literal(Part.NUMBER, "", Test.ENDS, value.zfill(digits), span)
            return [(last,)] if ends else []
        if source.limit:
            return [(_rare(source, span),)]
        if source.folded and test is Test.EQUALS:
            test = Test.CASELESS
        if source.within and test in (Test.EQUALS, Test.CASELESS):
            test = Test.MATCHES_CASELESS if test is Test.CASELESS else Test.MATCHES
            value = _taken_out(source.within, value)
        if (source.cut or source.ends) and test is Test.EQUALS:
            test = Test.STARTS if source.cut else Test.ENDS
        if source.sized:
            test, value = Test.MATCHES, _of_size(test, value)
        if source.part is None:
            return self._variables.ways(f"${source.name}", test, value, span)
        return [(Literal(source.part, source.name, test, value, span),)]

    def _span(self, chunk: int, node: Node) -> Span:
        return self._chunks[chunk].span(node.start_byte, node.end_byte)


# What leads somewhere that an ordinary visit does not come to.
_TELLING = {
    *(Test.EQUALS, Test.CASELESS, Test.MATCHES, Test.MATCHES_CASELESS, Test.CONTAINS),
    *(Test.STARTS, Test.ENDS, Test.ABOVE),
}


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


def _is_in_condition(node: Node) -> bool:
    """Whether an expression is, or is part of, what a statement asks."""
    inner, outer = node, node.parent
    while outer is not None and inner.type not in ("block", "chunk", *_FUNCTIONS):
        if outer.type in _CONDITIONS and _condition(outer) == inner:
            return True
        inner, outer = outer, outer.parent
    return False


def _given_up(block: Node, until: Node) -> Iterator[Node]:
    """The conditions of a block that give up before one of its statements is reached."""
    for statement in block.named_children:
        if statement.start_byte >= until.start_byte:
            return
        consequence = statement.child_by_field_name("consequence")
        if statement.type != "if_statement" or consequence is None:
            continue
        last = consequence.named_children[-1] if consequence.named_children else None
        if last is not None and (last.type == "return_statement" or _exits(last)):
            test = _condition(statement)
            if test is not None:
                yield test


def _exits(node: Node) -> bool:
    return node.type == "function_call" and called(node) in ("ngx.exit", "error")
