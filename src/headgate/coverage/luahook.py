"""Lua lines: which can be entered, and which are, told by the gateway's own LuaJIT.

The copy begins with a hook on lines (`debug.sethook`), set where `init_by_lua` runs, before any Lua
of the candidate's. Hooks are the whole VM's, coroutines included, and code that has been compiled
to the machine's does not call them, so the compiler is off. Files and modules stay as they are and
are known by their paths; blocks and strings run from files of their own, since the names that nginx
gives them are not unique. Which lines can be entered follows from the bytecode: each line of an
instruction that the beginning of its function leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from headgate.coverage.edits import Edits
from headgate.reading.chunk import Chunk
from headgate.reading.config import Config, Directive, is_lua_block
from headgate.reading.shelf import Shelf

FOLDER = "headgate-coverage.d"
LOG = "lua.log"

_TOLD = re.compile(rb"^(can|entered) @?(.+):([0-9,]*)$", re.M)


@dataclass(frozen=True)
class Hook:
    """What the copy has for it. `files` are below `install`; `chunks` are by the paths that they
    run from; `start` stands at the head of `http`, where it has no `init_by_lua` of its own."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    chunks: Mapping[str, Chunk] = field(default_factory=dict)
    start: str = ""


def placed(config: Config, chunks: Sequence[Chunk], shelf: Shelf, edits: Edits) -> Hook:
    """Put the hook into a copy: what it changes goes to `edits`."""
    init = next((one for one, _ in config.walk() if _is_init(one)), None)
    if not chunks and init is None:
        return Hook()
    placing = _Placing(shelf, edits)
    for chunk in chunks:
        placing.chunk(chunk)
    start = f"{shelf.install}/{FOLDER}/init.lua"
    script = _script(shelf, placing.chunks)
    if init is not None:
        script += f"dofile({_quoted(placing.path_of(init))})\n"
        edits.replace(init.span, f'init_by_lua_file "{start}";'.encode())
    files = {**placing.files, f"{FOLDER}/init.lua": script.encode("utf-8", "surrogateescape")}
    return Hook(files, placing.chunks, "" if init else f' init_by_lua_file "{start}";')


def _is_init(directive: Directive) -> bool:
    return directive.name.startswith("init_by_lua")


class _Placing:
    """Where the pieces of Lua are in the copy."""

    def __init__(self, shelf: Shelf, edits: Edits) -> None:
        self.files: dict[str, bytes] = {}
        self.chunks: dict[str, Chunk] = {}
        self._shelf = shelf
        self._edits = edits
        self._places: dict[object, str] = {}

    def chunk(self, chunk: Chunk) -> None:
        directive = chunk.directive
        if directive is None or directive.name.endswith("_by_lua_file"):
            self.chunks.setdefault(f"{self._shelf.install}/{chunk.text.name}", chunk)
            return
        if directive.span in self._places:
            return  # in a file that is read twice
        path = f"{FOLDER}/{len(self.files) + 1}.lua"
        self.files[path] = chunk.code
        at = f"{self._shelf.install}/{path}"
        self.chunks[at] = chunk
        self._places[directive.span] = at
        if not _is_init(directive):  # of that, the hook's own file takes the place
            self._edits.replace(directive.span, _from_file(directive, at).encode())

    def path_of(self, directive: Directive) -> str:
        """Where the Lua of a directive is; that of a file, where nginx looks for it."""
        if found := self._places.get(directive.span):
            return found
        written = directive.args[0].text if directive.args else ""
        return written if written.startswith("/") else f"{self._shelf.prefix}/{written}"


def _from_file(directive: Directive, path: str) -> str:
    """The directive, with its Lua in a file."""
    name, words = directive.name, [one.text for one in directive.args]
    if is_lua_block(name):
        name, words = name.removesuffix("_block"), [*words, path]
    else:
        words[1 if name == "set_by_lua" else 0] = path
    return f"{name}_file {' '.join(map(_quoted, words))};"


def _script(shelf: Shelf, chunks: Mapping[str, Chunk]) -> str:
    script = resources.files("headgate").joinpath("data", "coverage.lua").read_text("utf-8")
    listed = "".join(
        f"{{{_quoted(path)}, {str(chunk.is_function).lower()}}}, " for path, chunk in chunks.items()
    )
    given = f"{_quoted(f'{shelf.install}/')}, {_quoted(f'{shelf.install}/{FOLDER}/{LOG}')}"
    return f"local install, log, chunks = {given}, {{ {listed}}}\n{script}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Lines:
    """The lines of one piece of Lua, counted in it from 1."""

    can: frozenset[int]
    entered: frozenset[int]


def lines_of(told: bytes, chunks: Mapping[str, Chunk], shelf: Shelf) -> dict[str, Lines]:
    """What the hook has written, by the paths of the chunks."""
    by_name = {chunk.text.name: path for path, chunk in chunks.items() if FOLDER not in path}
    can: dict[str, set[int]] = {}
    entered: dict[str, set[int]] = {}
    for what, path, numbers in _told(told):
        text = shelf.text(path)
        known = path if path in chunks else by_name.get(text.name if text else "")
        if known:
            (can if what == "can" else entered).setdefault(known, set()).update(numbers)
    return {
        path: Lines(frozenset(can[path]), frozenset(entered.get(path, set()) & can[path]))
        for path in chunks
        if path in can
    }


def _told(told: bytes) -> Iterator[tuple[str, str, list[int]]]:
    for what, path, numbers in _TOLD.findall(told):
        yield (
            what.decode(),
            path.decode("utf-8", "surrogateescape"),
            [int(number) for number in numbers.split(b",") if number],
        )
