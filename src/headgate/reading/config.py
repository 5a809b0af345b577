"""The tree of a gateway's config: directives, blocks, and the files that they include.

It has the structure that nginx gives the text, and no opinion on what a directive means: whether
there is one of that name, and what arguments it takes, nginx says (`nginx -t`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from headgate.errors import InputError, Problem
from headgate.reading.luabody import Unended, closing_brace
from headgate.reading.shelf import Shelf
from headgate.reading.span import Span, Text
from headgate.reading.statement import End, Statement, Statements, Word

MAIN = "nginx.conf"

# What opens a block in nginx 1.22 and the modules of the gateway image, beside ..._by_lua_block.
_BLOCKS = """
    events http server location if limit_except upstream map geo split_clients types charset_map
    stream mail
"""
BLOCKS = frozenset(_BLOCKS.split())
# Blocks of pairs instead of directives; those that `include` files into themselves.
VALUES = frozenset({"map", "geo", "split_clients", "types", "charset_map"})
INCLUDING = frozenset({"map", "geo", "types"})

MOST_NESTED = 100
MOST_INCLUDED = 10_000
_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Directive:
    """One directive, or one entry of a block of values (whose name is then its first word).

    `span` goes from the name to the `;` or the closing brace, `body` lies between the braces.
    `block` holds what is in them; it is None without braces and where the body is Lua.
    `includes` are the files that an `include` put in this place, each as it was read here.
    `within` names the block around it, empty at the top.
    """

    words: tuple[Word, ...]
    span: Span
    body: Span | None = None
    block: tuple[Directive, ...] | None = None
    includes: tuple[Included, ...] = ()
    within: str = ""

    @property
    def name(self) -> str:
        return self.words[0].text

    @property
    def args(self) -> tuple[Word, ...]:
        return self.words[1:]

    @property
    def inner(self) -> Iterator[Directive]:
        """What stands in the block, with the contents of what it includes."""
        return _flat(self.block or ())


@dataclass(frozen=True)
class Included:
    """A file as it was read in one place. `path` is absolute, as nginx writes it."""

    path: str
    text: Text
    directives: tuple[Directive, ...]

    @property
    def inner(self) -> Iterator[Directive]:
        return _flat(self.directives)


@dataclass(frozen=True)
class Config:
    """`files` has every file once, by the path that nginx gives it, in the order of its dump
    (`nginx -T`). `unread` are includes of files that nobody has given."""

    main: Included
    files: dict[str, Text] = field(repr=False)
    unread: tuple[Directive, ...] = ()

    def walk(self) -> Iterator[tuple[Directive, tuple[Directive, ...]]]:
        """Every directive in reading order, each with the blocks around it, the outermost first."""
        return _walked(self.main.directives, ())


def _flat(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    for directive in directives:
        if any(included.directives for included in directive.includes):
            for included in directive.includes:
                yield from _flat(included.directives)
        else:
            yield directive


def _walked(
    directives: tuple[Directive, ...], around: tuple[Directive, ...]
) -> Iterator[tuple[Directive, tuple[Directive, ...]]]:
    for directive in directives:
        yield directive, around
        for included in directive.includes:
            yield from _walked(included.directives, around)
        yield from _walked(directive.block or (), (*around, directive))


def is_lua_block(name: str) -> bool:
    return name.endswith("_by_lua_block")


def read_config(shelf: Shelf, main: str = MAIN, blocks: Collection[str] = BLOCKS) -> Config:
    """The config whose main file is given, with everything that it includes.

    `blocks` are the names of directives that open blocks. Raises `InputError` with the first thing
    that nginx would stop at, file, line and column before it. An include of a file that is not on
    the shelf is one of them only where the shelf is whole.
    """
    reading = _Reading(shelf, frozenset(blocks))
    path = f"{shelf.install}/{main}"
    text = shelf.text(path)
    if text is None:
        raise InputError(_missing(shelf, path))
    included = reading.file(path, text, "")
    return Config(included, reading.files, tuple(reading.unread))


def _missing(shelf: Shelf, path: str) -> Problem:
    return Problem(shelf.name or path, f"expected a file {path}, found none")


class _Reading:
    """One reading of a config: which files were read, and which are being read."""

    def __init__(self, shelf: Shelf, blocks: frozenset[str]) -> None:
        self.shelf = shelf
        self.blocks = blocks
        self.files: dict[str, Text] = {}
        self.unread: list[Directive] = []
        self._open: list[str] = []
        self._count = 0

    def file(self, path: str, text: Text, within: str) -> Included:
        self.files.setdefault(path, text)
        self._open.append(path)
        part = _File(self, Statements(text, self.shelf.name), len(self._open))
        directives = part.directives(within, None)
        self._open.pop()
        return Included(path, text, directives)

    def included(self, directive: Directive, statements: Statements) -> Directive:
        """An include with what it stands for."""
        word = directive.args[0]
        found = []
        for path in self._paths(word.text, directive.within):
            text = self.shelf.text(path)
            if text is None:
                return self._without(directive, statements, path)
            self._count += 1
            deep = len(self._open) >= MOST_NESTED
            if path in self._open or deep or self._count > MOST_INCLUDED:
                statements.fail(word.span.start, f"{path} is included without end")
            found.append(self.file(path, text, directive.within))
        return Directive(
            directive.words, directive.span, includes=tuple(found), within=directive.within
        )

    def _paths(self, written: str, within: str) -> list[str]:
        path = written if written.startswith("/") else f"{self.shelf.install}/{written}"
        if _GLOB & set(path) and within != "geo":  # geo opens the one name (ngx_http_geo_include)
            return self.shelf.matching(path)
        return [path]

    def _without(self, directive: Directive, statements: Statements, path: str) -> Directive:
        if self.shelf.whole:
            statements.fail(directive.args[0].span.start, f"there is no file {path}")
        self.unread.append(directive)
        return directive


class _File:
    """One file, while it is read."""

    def __init__(self, reading: _Reading, statements: Statements, depth: int) -> None:
        self._reading = reading
        self._statements = statements
        self._text = statements.text
        self._depth = depth

    def directives(self, within: str, opening: Statement | None) -> tuple[Directive, ...]:
        """What stands in a block up to its closing brace; without one, in the whole file."""
        found = []
        while True:
            statement = self._statements.next()
            if statement.mark in (End.SEMICOLON, End.OPENING):
                found.append(self._directive(statement, within))
                continue
            self._ends(statement, opening)
            return tuple(found)

    def _ends(self, statement: Statement, opening: Statement | None) -> None:
        if statement.mark is End.CLOSING and opening is None:
            self._statements.fail(statement.end - 1, 'unexpected "}": no block is open')
        if statement.mark is End.FILE and opening is not None:
            name = opening.words[0]
            self._statements.fail(
                statement.end,
                f'unexpected end of file, expected "}}" for {name.text} of line {name.span.line}',
            )

    def _directive(self, statement: Statement, within: str) -> Directive:
        if within in VALUES:
            return self._value(statement, within)
        name = statement.words[0].text
        if statement.mark is End.OPENING:
            return self._block(statement, name, within)
        listed = name == "server" and within == "upstream"
        if (name in self._reading.blocks and not listed) or is_lua_block(name):
            self._statements.fail(statement.end - 1, f'directive "{name}" has no opening "{{"')
        return self._simple(statement, within, includes=name == "include")

    def _value(self, statement: Statement, within: str) -> Directive:
        if statement.mark is End.OPENING:
            self._statements.fail(statement.end - 1, f'unexpected "{{" in a block of {within}')
        includes = within in INCLUDING and statement.words[0].text == "include"
        return self._simple(statement, within, includes=includes and len(statement.words) == 2)

    def _simple(self, statement: Statement, within: str, *, includes: bool) -> Directive:
        span = self._text.span(statement.words[0].span.start, statement.end)
        directive = Directive(statement.words, span, within=within)
        if not includes:
            return directive
        if len(statement.words) != 2:
            self._statements.fail(span.start, "include takes one argument")
        return self._reading.included(directive, self._statements)

    def _block(self, statement: Statement, name: str, within: str) -> Directive:
        if is_lua_block(name):
            return self._lua(statement, within)
        if name not in self._reading.blocks:
            what = f'directive "{name}" is not terminated by ";"'
            self._statements.fail(statement.end - 1, what)
        self._depth += 1
        if self._depth > MOST_NESTED:
            self._statements.fail(statement.end - 1, f"blocks nested more than {MOST_NESTED} deep")
        block = self.directives(name, statement)
        self._depth -= 1
        return self._closed(statement, within, self._statements.at - 1, block)

    def _lua(self, statement: Statement, within: str) -> Directive:
        try:
            end = closing_brace(self._text.data, statement.end)
        except Unended as unended:
            self._statements.fail(unended.offset, unended.what)
        self._statements.at = end + 1
        return self._closed(statement, within, end, None)

    def _closed(
        self,
        statement: Statement,
        within: str,
        brace: int,
        block: tuple[Directive, ...] | None,
    ) -> Directive:
        span = self._text.span(statement.words[0].span.start, brace + 1)
        body = self._text.span(statement.end, brace)
        return Directive(statement.words, span, body, block, within=within)
