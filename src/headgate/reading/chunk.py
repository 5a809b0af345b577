"""Every piece of Lua that a gateway's config runs, and where each of its bytes was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from headgate.reading import luasyntax
from headgate.reading.config import Config, Directive, is_lua_block
from headgate.reading.shelf import Shelf
from headgate.reading.span import Span, Text, encoded

# What LuaJIT looks through in the gateway image for `;;` (package.path).
DEFAULT_PATH = (
    "./?.lua;/usr/share/luajit-2.1.0-beta3/?.lua;/usr/local/share/lua/5.1/?.lua;"
    "/usr/local/share/lua/5.1/?/init.lua;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua"
)
_ESCAPE = re.compile(rb"\\[\"'\\trn]")
_ARGUMENT_OF = {"set_by_lua": 1, "set_by_lua_file": 1}


@dataclass(frozen=True)
class Chunk:
    """One piece of Lua. `code` is what is compiled; `offsets` say where in the file each of its
    bytes stands, or where the first does, when they stand in a row. `directive` runs it and stands
    in the blocks `around`; a module that is required has none, and its name instead."""

    text: Text
    code: bytes = field(repr=False)
    offsets: int | tuple[int, ...] = field(repr=False)
    directive: Directive | None = None
    around: tuple[Directive, ...] = ()
    module: str = ""

    def span(self, start: int, end: int) -> Span:
        """Where bytes of the code stand in the file."""
        if isinstance(self.offsets, int):
            return self.text.span(self.offsets + start, self.offsets + end)
        last = self.offsets[end - 1] + 1 if end > start else self.offsets[start]
        return self.text.span(self.offsets[start], last)

    def span_of_line(self, line: int) -> Span:
        """Where a line of the code, from 1, stands in the file."""
        lines = self.code.split(b"\n")
        index = min(max(line, 1), len(lines)) - 1
        start = sum(len(one) + 1 for one in lines[:index])
        blanks = len(lines[index]) - len(lines[index].lstrip())
        return self.span(start + blanks, start + len(lines[index].rstrip() or lines[index]))

    @cached_property
    def is_function(self) -> bool:
        """Whether nginx compiles it as the body of a function (`ngx_http_lua_clfactory.c`)."""
        name = self.directive.name if self.directive else ""
        return bool(name) and not name.startswith(("init_", "exit_"))


@dataclass(frozen=True)
class Lua:
    """`chunks` in the order in which they were met, each once. `unread` are modules and files that
    are not the candidate's, or whose name is made while the gateway runs, with the place that asks
    for them."""

    chunks: tuple[Chunk, ...]
    unread: tuple[tuple[str, Span], ...] = ()


def lua_of(config: Config, shelf: Shelf) -> Lua:
    """All the Lua of a config: blocks, strings, files, and what these require."""
    gathering = _Gathering(shelf, _package_path(config, shelf))
    for directive, around in config.walk():
        if not directive.within or directive.block is None:
            gathering.directive(directive, around)
    return Lua(tuple(gathering.chunks), tuple(gathering.unread))


def _package_path(config: Config, shelf: Shelf) -> list[str]:
    """The templates of `lua_package_path` (ngx_http_lua_set_path), the defaults for `;;`."""
    path = DEFAULT_PATH
    for directive, _ in config.walk():
        if directive.name == "lua_package_path" and directive.args:
            path = directive.args[0].text.replace("${prefix}", "$prefix")
    path = path.replace("$prefix", f"{shelf.prefix}/").replace(";;", f";{DEFAULT_PATH};")
    return [template for template in path.split(";") if template]


class _Gathering:
    """What has been gathered: every chunk once, whoever asks for it."""

    def __init__(self, shelf: Shelf, path: list[str]) -> None:
        self.chunks: list[Chunk] = []
        self.unread: list[tuple[str, Span]] = []
        self._shelf = shelf
        self._path = path
        self._known: set[str] = set()

    def directive(self, directive: Directive, around: tuple[Directive, ...]) -> None:
        name = directive.name
        if is_lua_block(name) and directive.body:
            self._add(_of_block(directive, around, self._shelf))
            return
        at = _ARGUMENT_OF.get(name, 0)
        if len(directive.args) <= at or directive.block is not None:
            return
        if name.endswith("_by_lua_file"):
            self._file(directive, around, at)
        elif name.endswith("_by_lua"):
            self._add(_of_string(directive, around, at, self._shelf))

    def _file(self, directive: Directive, around: tuple[Directive, ...], at: int) -> None:
        written = directive.args[at]
        path = written.text
        if not path.startswith("/"):
            path = f"{self._shelf.prefix}/{path}"
        text = self._shelf.text(path)
        if text is None:
            self.unread.append((written.text, written.span))
        else:
            self._add(Chunk(text, text.data, 0, directive, around))

    def _add(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)
        for name, start, end in luasyntax.required(chunk.code):
            if name not in self._known:
                self._known.add(name)
                self._module(name, chunk.span(start, end))

    def _module(self, name: str, asked: Span) -> None:
        for path in self._places(name):
            text = self._shelf.text(path)
            if text is not None and not text.name.startswith("/"):
                self._add(Chunk(text, text.data, 0, module=name))
                return
        self.unread.append((name, asked))

    def _places(self, name: str) -> Iterator[str]:
        if name.startswith("/"):
            yield name
            return
        for template in self._path:
            path = template.replace("?", name.replace(".", "/"))
            yield path if path.startswith("/") else f"/{path.removeprefix('./')}"


def _of_block(directive: Directive, around: tuple[Directive, ...], shelf: Shelf) -> Chunk:
    assert directive.body
    text = _text_of(directive.body, shelf)
    start, end = directive.body.start, directive.body.end
    return Chunk(text, text.data[start:end], start, directive, around)


def _of_string(directive: Directive, around: tuple[Directive, ...], at: int, shelf: Shelf) -> Chunk:
    word = directive.args[at]
    text = _text_of(word.span, shelf)
    quotes = len(word.quote)
    start, end = word.span.start + quotes, word.span.end - quotes
    return Chunk(text, encoded(word.text), _offsets(text.data, start, end), directive, around)


def _text_of(span: Span, shelf: Shelf) -> Text:
    path = span.file if span.file.startswith("/") else f"{shelf.install}/{span.file}"
    text = shelf.text(path)
    assert text
    return text


def _offsets(data: bytes, start: int, end: int) -> tuple[int, ...]:
    """Where each byte of a word comes from: one that was escaped, from its backslash."""
    found, at = [], start
    while at < end:
        found.append(at)
        at += 2 if _ESCAPE.match(data, at) else 1
    return (*found, end)
