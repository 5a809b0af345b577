"""What can be switched off in a config: each edit takes one part of it away, or empties it.

An edit is a stretch of a file and what stands there instead. What is made of a config in this way
is loaded into a gateway of its own; the candidate stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headgate.candidate import Candidate
from headgate.reading.chunk import lua_of
from headgate.reading.config import Config, Directive, read_config
from headgate.reading.shelf import Shelf, shelf_of
from headgate.reading.span import Span, decoded, encoded
from headgate.reading.statement import Word
from headgate.reading.variables import variables_in

SETS = "sets"
LETS_THROUGH = "lets through"
CONDITION = "condition"

# Without these a gateway does not start, is not reached or reaches nobody; they let nothing out.
_NEEDED_WORDS = """
    user worker_processes worker_connections pid events http server listen load_module daemon
    include resolver resolver_timeout proxy_pass proxy_http_version upstream default hostnames
    lua_package_path lua_package_cpath env types master_process server_name map geo split_clients
    lua_shared_dict init_by_lua_block init_worker_by_lua_block use multi_accept log_format
"""
_NEEDED = frozenset(_NEEDED_WORDS.split())
_ENTRIES = frozenset({"map", "geo", "split_clients"})
# Directives of which an inner level takes all of the outer one's away (nginx documentation,
# "inherited from the previous level if and only if there are no ... directives on the current").
_LEVELS = frozenset({"proxy_set_header", "add_header", "more_set_input_headers", "access_log"})


@dataclass(frozen=True)
class Edit:
    """One or several stretches with what stands there instead. `role` is what the first of them
    does as it was written; `within` are the spans around it, the outermost first; `name` is the
    directive's. It `defines` variables and headers, by what it `asks` of others and `gives` on.
    It `cancels` where without it the same directives of an outer level would hold; it `opens` where
    without it more is let through, unless the whole is turned round by a `not`. In Lua it stands
    in a `function`, and where it does nothing but call one, `calls` it."""

    changes: tuple[tuple[Span, bytes], ...]
    role: str
    text: bytes = field(repr=False)
    within: tuple[Span, ...] = ()
    name: str = ""
    defines: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    cancels: bool = False
    opens: bool = False
    function: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    @property
    def span(self) -> Span:
        return self.changes[0][0]

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(span for span, _ in self.changes)

    def inside(self, other: Edit) -> bool:
        """Whether this touches only a part of what the other does."""
        return self.spans != other.spans and all(
            any(_covers(outer, inner) for outer in other.spans) for inner in self.spans
        )

    def overlaps(self, other: Edit) -> bool:
        return any(
            a.file == b.file and a.start < b.end and b.start < a.end
            for a in self.spans
            for b in other.spans
        )


def _covers(outer: Span, inner: Span) -> bool:
    return outer.file == inner.file and outer.start <= inner.start and inner.end <= outer.end


def applied(files: Mapping[str, bytes], edits: Iterable[Edit]) -> dict[str, bytes]:
    """The files with these edits made; of two that overlap the wider one."""
    result = dict(files)
    changes = [change for edit in edits for change in edit.changes]
    changes.sort(key=lambda change: (change[0].file, -change[0].start, change[0].end))
    last: dict[str, int] = {}
    outer = [(s, t) for s, t in changes if not any(_wider(o, s) for o, _ in changes)]
    for span, instead in outer:
        if span.end <= last.get(span.file, span.end):
            data = result[span.file]
            result[span.file] = data[: span.start] + instead + data[span.end :]
            last[span.file] = span.start
    return result


def _wider(outer: Span, inner: Span) -> bool:
    return outer != inner and _covers(outer, inner)


def edits_of(candidate: Candidate) -> list[Edit]:
    """Every edit of a candidate's own files, in the order of the text, each once. Raises
    `InputError` where the config cannot be read."""
    from headgate.explain.luaedits import lua_edits

    shelf = shelf_of(candidate)
    config = read_config(shelf)
    found = [*_nginx(config, shelf), *lua_edits(lua_of(config, shelf))]
    own = [one for one in found if all(not span.file.startswith("/") for span in one.spans)]
    return [*{one.changes: one for one in reversed(own)}.values()][::-1]


def _nginx(config: Config, shelf: Shelf) -> Iterator[Edit]:
    data = {text.name: text.data for text in config.files.values()}
    yield from _cancelled(config, data)
    for directive, around in config.walk():
        for role, instead in _instead(directive, around):
            yield _edit(directive, around, role, instead, data)


def _edit(
    directive: Directive,
    around: Sequence[Directive],
    role: str,
    changes: Sequence[tuple[Span, bytes]],
    data: Mapping[str, bytes],
) -> Edit:
    span = changes[0][0] if len(changes) > 1 else directive.span
    text = data[span.file][span.start : span.end]
    within = tuple(one.span for one in around)
    if directive.within in _ENTRIES:
        block = around[-1]
        targets, sources = block.args[-1:], [*block.args[:-1], *directive.words[:1]]
        return Edit(
            tuple(changes), role, text, within, block.name,
            defines=_named(targets), asks=_named(sources), gives=_named(directive.args),
        )  # fmt: skip
    if directive.block is not None:
        inner = frozenset().union(*(_named(one.words) for one in _all(directive)))
        return Edit(
            tuple(changes), role, text, within, directive.name,
            defines=inner, asks=_named(directive.args),
        )  # fmt: skip
    if directive.name in ("proxy_pass", "rewrite", "return"):
        given = _named(directive.args)
        defines = frozenset({"query", "request line", "line"})
        return Edit(tuple(changes), role, text, within, directive.name, defines, gives=given)
    targets, values = directive.args[:1], directive.args[1:]
    defines = _named(targets) | {word.text.lower() for word in targets}
    gives = _named(values)
    return Edit(tuple(changes), role, text, within, directive.name, defines=defines, gives=gives)


def _all(directive: Directive) -> Iterator[Directive]:
    for one in directive.inner:
        yield one
        yield from _all(one)


def _named(words: Iterable[Word]) -> frozenset[str]:
    """The variables in these words, and what they say of headers and parameters."""
    return frozenset(name.lower() for word in words for name in variables_in(word.text))


Changes = Sequence[tuple[Span, bytes]]


def _instead(directive: Directive, around: Sequence[Directive]) -> Iterator[tuple[str, Changes]]:
    """The roles of a directive, and what may stand in its place."""
    if directive.within in _ENTRIES:
        yield from _entry(directive, around[-1])
    elif directive.name == "proxy_pass":
        yield from _without_variables(directive)
    elif directive.within in ("types", "events") or directive.name in _NEEDED:
        return
    elif directive.name == "set":
        yield SETS, [(directive.args[-1].span, b'""')]
    elif directive.block is not None or directive.name in ("set_real_ip_from", "real_ip_header"):
        root = directive.name == "location" and [w.text for w in directive.args] == ["/"]
        if not root:
            yield CONDITION, [(directive.span, b"")]
    else:
        yield SETS, [(directive.span, b"")]


def _without_variables(directive: Directive) -> Iterator[tuple[str, Changes]]:
    """What a query is made of goes, variable by variable."""
    for word in directive.args:
        query = word.text.partition("?")[2]
        if query and not word.quote:
            for name in dict.fromkeys(variables_in(query)):
                kept = word.text.replace(f"${name}", "").replace(f"${{{name}}}", "")
                yield SETS, [(word.span, encoded(kept))]


def _entry(entry: Directive, block: Directive) -> Iterator[tuple[str, Changes]]:
    """An entry goes; what it gives goes; it gives what another entry does."""
    if entry.name in ("hostnames", "volatile", "include", "proxy", "ranges", "delete"):
        return
    if not entry.args:
        return
    given = entry.args[-1].span
    if entry.name == "default":
        if entry.args[-1].text:
            yield LETS_THROUGH, [(given, b'""')]
        values = [one for one in block.inner if one.args and one.name != "include"]
        others = {one.args[-1].text for one in values}
        for other in sorted(others - {entry.args[-1].text, ""})[:2]:
            if "$" not in other and '"' not in other:
                yield LETS_THROUGH, [(given, b'"%b"' % other.encode(errors="surrogateescape"))]
    elif block.name == "split_clients":
        yield LETS_THROUGH, [(given, b'""')]
    else:
        yield LETS_THROUGH, [(entry.span, b"")]


def _cancelled(config: Config, data: Mapping[str, bytes]) -> Iterator[Edit]:
    """All directives of one name at a level that keeps away what an outer level says."""
    levels: dict[tuple[str, tuple[Span, ...]], list[tuple[Directive, Sequence[Directive]]]] = {}
    for directive, around in config.walk():
        if directive.name in _LEVELS and directive.within not in _ENTRIES:
            key = (directive.name, tuple(one.span for one in around))
            levels.setdefault(key, []).append((directive, around))
    for (name, within), found in levels.items():
        if any((name, within[:depth]) in levels for depth in range(len(within))):
            changes = [(one.span, b"") for one, _ in found]
            first, outer = found[0]
            yield replace(_edit(first, outer, SETS, changes, data), cancels=True)


def line_of(candidate: Candidate, span: Span) -> str:
    """The line that a place stands in, without the blanks around it."""
    lines = candidate.files[span.file].split(b"\n")
    return decoded(lines[span.line - 1]).strip()
