"""What a Lua expression holds of a visit: `ngx.var.x`, a header line, an argument, and what names,
functions' parameters and simple calls make of them.

Names are followed by their spelling within a chunk, whatever block they stand in, parameters to
every call of a function of that name, and calls to all that such a function returns: too much is
tried rather than too little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.reading.chunk import Chunk
from headgate.reading.literal import LOCAL, Part
from headgate.reading.luasyntax import arguments, called, nodes, parsed, string_of, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_DEEP = 6
MOST_STEPS = 2000
LONGEST_NAME = 200
MOST_CONSTANTS = 20
MOST_KEYS = 200
_NAMING = {"dot_index_expression", "function_call", "identifier"}
_SAME = {"tostring", "tonumber", "assert", "string.lower", "string.upper", "string.sub"}
_SAME |= {"string.match", "ngx.unescape_uri", "ngx.escape_uri", "table.concat", "math.floor"}
_CALLS = {
    "ngx.req.get_method": Part.METHOD,
    "ngx.req.http_version": Part.VERSION,
    "ngx.req.raw_header": Part.LINES,
    "ngx.req.get_body_data": Part.FIELD,
    "ngx.time": Part.CLOCK,
    "ngx.now": Part.CLOCK,
    "ngx.localtime": Part.CLOCK,
    "ngx.utctime": Part.CLOCK,
    "ngx.today": Part.CLOCK,
    "os.time": Part.CLOCK,
    "os.date": Part.CLOCK,
    "math.random": Part.CHANCE,
}
SEARCHES = {"find", "match", "gmatch"}
COMPARISONS = {"==", "~=", "<", "<=", ">", ">="}
_LOCAL = {"ngx.localtime", "ngx.today", "os.date"}
_METHODS = {"lower", "upper", "sub", "gsub", "byte", "len", "match"}
_TABLES = {
    "ngx.req.get_headers()": Part.HEADER,
    "ngx.req.get_uri_args()": Part.ARGUMENT,
    "ngx.req.get_post_args()": Part.FIELD,
    "ngx.header": Part.ANSWER_HEADER,
    "ngx.resp.get_headers()": Part.ANSWER_HEADER,
}
_HEADERS = {Part.HEADER, Part.ANSWER_HEADER}


@dataclass(frozen=True)
class Source:
    """What an expression holds: the nginx variable `name` where `part` is None, else that part of a
    visit. `folded` says that its case is gone, `cut` that only so many of its first characters are
    meant, `ends` that its last are, `sized` that its length is, `within` what this pattern takes
    out of it; `limit` is the argument of `math.random` or the modulus of a count."""

    part: Part | None
    name: str = ""
    folded: bool = False
    cut: int = 0
    ends: bool = False
    sized: bool = False
    within: str = ""
    limit: int = 0


# What a remainder may be of, where nothing is known of it: a count, or the subscriber's number.
_FROM_ELSEWHERE = (Source(Part.COUNT), Source(Part.NUMBER))


class Values:
    """The values of all the Lua of a config."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._steps = 0
        self._assigned: dict[tuple[int, str], list[Node]] = defaultdict(list)
        self._calls: dict[str, list[tuple[int, list[Node]]]] = defaultdict(list)
        self._parameters: dict[tuple[int, str], list[tuple[str, int]]] = defaultdict(list)
        self._functions: dict[str, list[tuple[int, Node]]] = defaultdict(list)
        self._keys: dict[tuple[int, str], list[tuple[str, Node]]] = {}
        self._looped: dict[tuple[int, str], list[Node]] = defaultdict(list)
        for index, chunk in enumerate(chunks):
            for node in nodes(parsed(chunk.code)):
                self._note(index, node)

    def _note(self, chunk: int, node: Node) -> None:
        if node.type == "assignment_statement":
            names, values = (_children(node, kind) for kind in ("variable_list", "expression_list"))
            for at, name in enumerate(names):
                if values:
                    value = values[min(at, len(values) - 1)]
                    self._assigned[chunk, text_of(name)].append(value)
                    self._note_function(chunk, name, value)
        elif node.type == "function_call":
            self._calls[_last(called(node))].append((chunk, arguments(node)))
        elif node.type == "function_declaration":
            self._note_function(chunk, node.child_by_field_name("name"), node)
        elif node.type == "for_generic_clause":
            names, values = (_children(node, kind) for kind in ("variable_list", "expression_list"))
            if values and values[0].type == "function_call" and arguments(values[0]):
                for name in names:
                    self._looped[chunk, text_of(name)].append(arguments(values[0])[0])

    def _note_function(self, chunk: int, name: Node | None, function: Node) -> None:
        given = function.child_by_field_name("parameters")
        if name is None or given is None:
            return
        self._functions[_last(text_of(name))].append((chunk, function))
        for at, parameter in enumerate(given.named_children):
            self._parameters[chunk, text_of(parameter)].append((_last(text_of(name)), at))

    def functions(self, call: Node) -> list[tuple[int, Node]]:
        """The functions of the config's own that a call may mean, each with its chunk."""
        return self._functions.get(_last(called(call)), [])

    def constants(self, chunk: int, node: Node, depth: int = 0) -> list[str]:
        """The texts of a constant, of a name for one, of two that are put together, or of the
        entries that a loop goes through."""
        if node.type in ("number", "nil", "true", "false"):
            return [text_of(node)]
        if (text := string_of(node)) is not None:
            return [text]
        if depth > MOST_DEEP:
            return []
        if node.type == "identifier":
            named = self._assigned.get((chunk, text_of(node)), [])
            found = [one for value in named for one in self.constants(chunk, value, depth + 1)]
            return (found or list(self._entries(chunk, node, depth)))[:MOST_CONSTANTS]
        if node.type == "binary_expression" and operator_of(node) == "..":
            first, second = (self.constants(chunk, one, depth + 1) for one in node.named_children)
            return [one + other for one in first for other in second][:MOST_CONSTANTS]
        return []

    def _entries(self, chunk: int, name: Node, depth: int) -> Iterator[str]:
        """What a loop over a table of constants puts into a name: keys and values alike."""
        for of in self._looped.get((chunk, text_of(name)), ()):
            table = of if of.type == "table_constructor" else self.table(chunk, text_of(of))
            for entry in table.named_children if table is not None else ():
                key, value = (entry.child_by_field_name(one) for one in ("name", "value"))
                if key is not None and key.type == "identifier":
                    yield text_of(key)
                for one in (key, value):
                    if one is not None:
                        yield from self.constants(chunk, one, depth + 1)

    def asked(self, chunk: int, name: str) -> list[Node]:
        """The questions whose answers a name holds: comparisons, and searches."""
        return [one for one in self._assigned.get((chunk, name), ()) if _is_question(one)]

    def table(self, chunk: int, name: str) -> Node | None:
        """The table constructor that a name was given."""
        found = (one for one in self._assigned[chunk, name] if one.type == "table_constructor")
        return next(found, None)

    def keys(self, chunk: int, name: str) -> list[tuple[str, Node]]:
        """The keys of the table that a name was given, each where it stands."""
        if (chunk, name) not in self._keys:
            table = self.table(chunk, name)
            entries = table.named_children[:MOST_KEYS] if table is not None else []
            named = (entry.child_by_field_name("name") for entry in entries)
            self._keys[chunk, name] = [
                (value, key)
                for key in named
                if key is not None and (value := _key_of(key)) is not None
            ]
        return self._keys[chunk, name]

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
        for at, value in self._given(chunk, name):
            found += self.sources(at, value, depth + 1)
        return list(dict.fromkeys(found))

    def _indexed(self, chunk: int, node: Node, depth: int) -> Iterator[Source]:
        table = node.child_by_field_name("table")
        field = node.child_by_field_name("field")
        if table is None or field is None:
            return
        dotted = node.type.startswith("dot")
        names = [text_of(field)] if dotted else self.constants(chunk, field)
        whole = self.spelled(chunk, table)
        if not names:
            yield from self.sources(chunk, field, depth + 1)
        for name in names:
            yield from _entry(whole, name)

    def spelled(self, chunk: int, node: Node, depth: int = 0) -> str:
        """An expression as it reads with its aliases written out: `var` for `ngx.var`, say."""
        if node.end_byte - node.start_byte > LONGEST_NAME:
            return ""
        if node.type == "function_call":
            name = node.child_by_field_name("name")
            return f"{self.spelled(chunk, name, depth)}()" if name is not None else ""
        if node.type == "dot_index_expression":
            table, field = (node.child_by_field_name(name) for name in ("table", "field"))
            if table is not None and field is not None:
                return f"{self.spelled(chunk, table, depth)}.{text_of(field)}"
        if node.type == "identifier" and depth <= MOST_DEEP:
            for at, value in self._given(chunk, text_of(node)):
                self._steps += 1
                if self._steps < MOST_STEPS and value.type in _NAMING:
                    spelled = self.spelled(at, value, depth + 1).replace(" ", "")
                    if spelled.startswith(("ngx.", "os.", "math.", "string.")):
                        return spelled
        return text_of(node)

    def _given(self, chunk: int, name: str) -> Iterator[tuple[int, Node]]:
        """What is assigned to a name, or handed to the function whose parameter it is; with the
        chunk that it stands in."""
        for value in self._assigned.get((chunk, name), ()):
            yield chunk, value
        for function, at in self._parameters.get((chunk, name), ()):
            for caller, given in self._calls.get(function, ())[:20]:
                if at < len(given):
                    yield caller, given[at]

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
            limit = _how_many([text_of(one) for one in given])
            universal = (string_of(given[0]) or "").startswith("!") if given else False
            zone = LOCAL if whole in _LOCAL and not universal else ""
            yield Source(_CALLS[whole], zone, limit=limit)
        elif whole in _SAME and given:
            for source in self.sources(chunk, given[0], depth + 1):
                yield _through(source, whole.rpartition(".")[2], given[1:])
        else:
            yield from self._returned(node, depth)

    def _returned(self, call: Node, depth: int) -> Iterator[Source]:
        """What the config's own functions of that name give back."""
        for chunk, function in self.functions(call):
            for returned in returns(function):
                for value in _children(returned, "expression_list")[:1]:
                    yield from self.sources(chunk, value, depth + 1)

    def _method(self, chunk: int, name: Node, given: list[Node], depth: int) -> Iterator[Source]:
        table, method = (name.child_by_field_name(field) for field in ("table", "method"))
        if table is None or method is None:
            return
        word = text_of(method)
        named = given and string_of(given[0]) is not None
        if word == "incr" or (word == "get" and named):
            yield Source(Part.COUNT)
        elif word in _METHODS:
            for source in self.sources(chunk, table, depth + 1):
                yield _through(source, word, given)

    def _computed(self, chunk: int, node: Node, depth: int) -> Iterator[Source]:
        operator = operator_of(node)
        operands = [self.sources(chunk, child, depth + 1) for child in node.named_children]
        if operator == "%" and len(node.named_children) == 2:
            written = self.constants(chunk, node.named_children[1])
            limit = int(written[0]) if written and written[0].isdigit() else 0
            yield from (replace(one, limit=limit) for one in operands[0] or _FROM_ELSEWHERE)
        elif operator == "#":
            yield from (replace(one, sized=True) for one in operands[0])
        elif operator in ("or", "and", "..", "+", "-", "*", "/"):
            for found in operands:
                yield from found


def _how_many(bounds: Sequence[str]) -> int:
    """How many values `math.random` draws from, given these; 0 where that is not written."""
    if not 1 <= len(bounds) <= 2 or not all(map(str.isdigit, bounds)):
        return 0
    first, last = map(int, ("1", *bounds)[-2:])
    return max(0, last - first + 1)


def _through(source: Source, function: str, given: list[Node]) -> Source:
    """What a function of strings leaves of its first argument."""
    if function in ("lower", "upper"):
        return replace(source, folded=True)
    if function == "len":
        return replace(source, sized=True)
    if function == "match" and given and (pattern := string_of(given[0])):
        return replace(source, within=pattern)
    if function == "sub" and given and text_of(given[0]).startswith("-"):
        return replace(source, ends=len(given) == 1 or text_of(given[1]) == "-1")
    if function == "sub" and len(given) > 1 and text_of(given[0]) == "1":
        cut = text_of(given[1])
        if cut.startswith("#"):  # as long as what it is compared with
            return replace(source, cut=1)
        return replace(source, cut=int(cut)) if cut.isdigit() else source
    return source


def _entry(table: str, name: str) -> Iterator[Source]:
    """What the entry of a table of nginx's holds."""
    if table == "ngx.var":
        yield Source(None, name)
    elif (table, name) == ("ngx", "status"):
        yield Source(Part.STATUS)
    elif table in _TABLES:
        part = _TABLES[table]
        plain = name.lower().replace("_", "-") if part in _HEADERS else name
        sized = (part, plain) == (Part.HEADER, "content-length")
        yield Source(Part.BODY_SIZE) if sized else Source(part, plain)


def _key_of(key: Node) -> str | None:
    return text_of(key) if key.type in ("identifier", "number") else string_of(key)


def _is_question(node: Node) -> bool:
    if node.type == "function_call":
        return called(node).replace(":", ".").rpartition(".")[2] in SEARCHES
    if node.type == "unary_expression":
        return operator_of(node) == "not"
    if node.type == "binary_expression" and operator_of(node) in ("and", "or"):
        return any(map(_is_question, node.named_children))
    return node.type == "binary_expression" and operator_of(node) in COMPARISONS


def returns(function: Node) -> Iterator[Node]:
    """The `return`s of a function, without those of functions in it."""
    waiting = list(function.named_children)
    while waiting:
        node = waiting.pop()
        if node.type == "return_statement":
            yield node
        elif node.type not in ("function_declaration", "function_definition"):
            waiting += node.named_children


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
