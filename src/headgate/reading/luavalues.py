"""What a Lua expression holds of a visit: `ngx.var.x`, a header line, an argument, and what names,
functions' parameters and simple calls make of them.

Names are followed by their spelling within a chunk, whatever block they stand in, and parameters to
every call of a function of that name: too much is tried rather than too little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.reading.chunk import Chunk
from headgate.reading.literal import Part
from headgate.reading.luasyntax import arguments, called, nodes, parsed, string_of, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_DEEP = 6
MOST_STEPS = 2000
LONGEST_NAME = 200
_ALIASES = ("ngx.var", "ngx.req.get_headers()", "ngx.req.get_uri_args()", "ngx.req")
_SAME = {"tostring", "tonumber", "assert", "string.lower", "string.upper", "string.sub"}
_SAME |= {"ngx.unescape_uri", "ngx.escape_uri", "table.concat", "math.floor"}
_CALLS = {
    "ngx.req.get_method": Part.METHOD,
    "ngx.req.http_version": Part.VERSION,
    "ngx.time": Part.CLOCK,
    "ngx.now": Part.CLOCK,
    "ngx.localtime": Part.CLOCK,
    "ngx.utctime": Part.CLOCK,
    "ngx.today": Part.CLOCK,
    "os.time": Part.CLOCK,
    "os.date": Part.CLOCK,
    "math.random": Part.CHANCE,
}
_METHODS = {"lower", "upper", "sub", "gsub", "byte", "len", "match"}
_COUNTS = {"incr", "get"}


@dataclass(frozen=True)
class Source:
    """What an expression holds: the nginx variable `name` where `part` is None, else that part of a
    visit. `folded` says that its case is gone, `cut` that only so many of its first characters are
    meant, `sized` that its length is; `limit` is the argument of `math.random` or the modulus of a
    count."""

    part: Part | None
    name: str = ""
    folded: bool = False
    cut: int = 0
    sized: bool = False
    limit: int = 0


class Values:
    """The values of all the Lua of a config."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._steps = 0
        self._assigned: dict[tuple[int, str], list[Node]] = defaultdict(list)
        self._calls: dict[str, list[tuple[int, list[Node]]]] = defaultdict(list)
        self._parameters: dict[tuple[int, str], list[tuple[str, int]]] = defaultdict(list)
        for index, chunk in enumerate(chunks):
            for node in nodes(parsed(chunk.code)):
                self._note(index, node)

    def _note(self, chunk: int, node: Node) -> None:
        if node.type == "assignment_statement":
            names, values = (_children(node, kind) for kind in ("variable_list", "expression_list"))
            for at, name in enumerate(names):
                if values:
                    self._assigned[chunk, text_of(name)].append(values[min(at, len(values) - 1)])
        elif node.type == "function_call":
            self._calls[_last(called(node))].append((chunk, arguments(node)))
        elif node.type == "function_declaration":
            function = node.child_by_field_name("name")
            given = node.child_by_field_name("parameters")
            if function is not None and given is not None:
                for at, parameter in enumerate(given.named_children):
                    of = _last(text_of(function)), at
                    self._parameters[chunk, text_of(parameter)].append(of)

    def table(self, chunk: int, name: str) -> Node | None:
        """The table constructor that a name was given."""
        found = (one for one in self._assigned[chunk, name] if one.type == "table_constructor")
        return next(found, None)

    def sources(self, chunk: int, node: Node, depth: int = 0) -> list[Source]:
        """What an expression may hold of a visit."""
        self._steps = self._steps + 1 if depth else 0
        if depth > MOST_DEEP or self._steps > MOST_STEPS:
            return []
        kind = node.type
        if kind == "parenthesized_expression" and node.named_children:
            return self.sources(chunk, node.named_children[0], depth)
        if kind == "identifier":
            return self._named(chunk, text_of(node), depth)
        if kind in ("dot_index_expression", "bracket_index_expression"):
            return list(self._indexed(chunk, node, depth))
        if kind == "function_call":
            return list(self._called(chunk, node, depth))
        if kind in ("binary_expression", "unary_expression"):
            return list(self._computed(chunk, node, depth))
        return []

    def _named(self, chunk: int, name: str, depth: int) -> list[Source]:
        found: list[Source] = []
        for value in self._assigned.get((chunk, name), ()):
            found += self.sources(chunk, value, depth + 1)
        for function, at in self._parameters.get((chunk, name), ()):
            for caller, given in self._calls.get(function, ())[:20]:
                if at < len(given):
                    found += self.sources(caller, given[at], depth + 1)
        return list(dict.fromkeys(found))

    def _indexed(self, chunk: int, node: Node, depth: int) -> Iterator[Source]:
        table = node.child_by_field_name("table")
        field = node.child_by_field_name("field")
        if table is None or field is None:
            return
        name = text_of(field) if node.type.startswith("dot") else string_of(field)
        whole = self.spelled(chunk, table)
        if name is None:
            yield from self.sources(chunk, field, depth + 1)
        elif whole == "ngx.var":
            yield Source(None, name)
        elif whole == "ngx.req.get_headers()":
            yield Source(Part.HEADER, name.lower().replace("_", "-"))
        elif whole == "ngx.req.get_uri_args()":
            yield Source(Part.ARGUMENT, name)

    def spelled(self, chunk: int, node: Node) -> str:
        """An expression as it reads with its aliases written out: `var` for `ngx.var`, say."""
        if node.end_byte - node.start_byte > LONGEST_NAME:
            return ""
        if node.type == "function_call":
            name = node.child_by_field_name("name")
            return f"{self.spelled(chunk, name)}()" if name is not None else ""
        if node.type == "dot_index_expression":
            table, field = (node.child_by_field_name(name) for name in ("table", "field"))
            if table is not None and field is not None:
                return f"{self.spelled(chunk, table)}.{text_of(field)}"
        if node.type == "identifier":
            for value in self._assigned.get((chunk, text_of(node)), ()):
                if value.type in ("dot_index_expression", "function_call"):
                    spelled = text_of(value).replace(" ", "")
                    whole = spelled if "(" not in spelled else spelled.split("(")[0] + "()"
                    if whole.startswith("ngx."):
                        return whole
        return text_of(node)

    def _called(self, chunk: int, node: Node, depth: int) -> Iterator[Source]:
        name = node.child_by_field_name("name")
        given = arguments(node)
        if name is None:
            return
        if name.type == "method_index_expression":
            yield from self._method(chunk, name, given, depth)
            return
        whole = self.spelled(chunk, name)
        if whole in _CALLS:
            limit = int(text_of(given[0])) if given and text_of(given[0]).isdigit() else 0
            yield Source(_CALLS[whole], limit=limit)
        elif whole in _SAME and given:
            for source in self.sources(chunk, given[0], depth + 1):
                yield _through(source, whole.rpartition(".")[2], given[1:])

    def _method(self, chunk: int, name: Node, given: list[Node], depth: int) -> Iterator[Source]:
        table, method = (name.child_by_field_name(field) for field in ("table", "method"))
        if table is None or method is None:
            return
        word = text_of(method)
        if word in _COUNTS and string_of(given[0] if given else None) is not None:
            yield Source(Part.COUNT)
        elif word in _METHODS:
            for source in self.sources(chunk, table, depth + 1):
                yield _through(source, word, given)

    def _computed(self, chunk: int, node: Node, depth: int) -> Iterator[Source]:
        operator = operator_of(node)
        operands = [self.sources(chunk, child, depth + 1) for child in node.named_children]
        if operator == "%" and len(node.named_children) == 2:
            written = text_of(node.named_children[1])
            limit = int(written) if written.isdigit() else 0
            yield from (replace(one, limit=limit) for one in operands[0] or [Source(Part.COUNT)])
        elif operator == "#":
            yield from (replace(one, sized=True) for one in operands[0])
        elif operator in ("or", "and", "..", "+", "-", "*", "/"):
            for found in operands:
                yield from found


def _through(source: Source, function: str, given: list[Node]) -> Source:
    """What a function of strings leaves of its first argument."""
    if function in ("lower", "upper"):
        return replace(source, folded=True)
    if function == "len":
        return replace(source, sized=True)
    if function == "sub" and len(given) > 1 and text_of(given[0]) == "1":
        cut = text_of(given[1])
        return replace(source, cut=int(cut)) if cut.isdigit() else source
    return source


def operator_of(node: Node) -> str:
    """The operator of a unary or binary expression."""
    return next((child.type for child in node.children if not child.is_named), "")


def _children(node: Node, kind: str) -> list[Node]:
    return [
        one for child in node.named_children if child.type == kind for one in child.named_children
    ]


def _last(name: str) -> str:
    """The last part of a dotted name."""
    return name.replace(":", ".").rpartition(".")[2]
