"""From what the copy has told to the figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from headgate.coverage.copy import WORD, Copy
from headgate.coverage.coverage import (
    ENTERED,
    NEVER,
    UNMEASURED,
    Coverage,
    Figure,
    Place,
    in_rows,
)
from headgate.coverage.luahook import Lines, lines_of
from headgate.coverage.mark import VALUES, Kind, Mark
from headgate.numbers import mask_numbers
from headgate.reading.chunk import Chunk
from headgate.reading.span import Span

# What nginx writes when a mark is entered (ngx_http_script_value_code, ngx_http_map_variable), and
# the access log of a `limit_except`.
SAID = rf'(http script value: "|http map: "|^){WORD} [0-9]+'
_NUMBER = re.compile(rf"{WORD} ([0-9]+)".encode())

_COMMENT = re.compile(rb"\s*(?:--.*)?")


def coverage_of(copy: Copy, nginx: bytes, lua: bytes) -> Coverage:
    """What was entered, by the lines of the nginx log with marks in them and by Lua's own."""
    return _Reading(copy, entered_in(nginx), lua).coverage()


def entered_in(log: bytes) -> frozenset[int]:
    """The numbers of the marks in lines that `SAID` matches."""
    return frozenset(int(number) for number in _NUMBER.findall(log))


class _Reading:
    """One reading of what a copy has told."""

    def __init__(self, copy: Copy, entered: frozenset[int], lua: bytes) -> None:
        self._copy = copy
        self._entered = entered
        self._lines: dict[str, dict[int, str]] = {}
        self._places: list[Place] = []
        self._unmeasured = [_place("", span, why) for span, why in copy.unmeasured]
        self._lua = {
            path: _in_file(copy.chunks[path], lines)
            for path, lines in lines_of(lua, copy.chunks, copy.shelf).items()
        }

    def coverage(self) -> Coverage:
        figures = {str(kind): self._of_marks(kind) for kind in Kind if kind is not Kind.LUA}
        self._lay_out_blocks()
        figures[str(Kind.LUA)] = self._of_lua()
        for place in self._unmeasured:
            self._state(place.file, place.line, UNMEASURED)
        return Coverage(
            {kind: figure for kind, figure in figures.items() if figure.all},
            tuple(sorted(self._places, key=_in_order)),
            tuple(sorted(self._unmeasured, key=_in_order)),
            {name: self._lines[name] for name in sorted(self._lines)},
        )

    def _of_marks(self, kind: Kind) -> Figure:
        found = [mark for mark in self._copy.marks if mark.kind is kind]
        never = [mark for mark in found if mark.number not in self._entered]
        self._places += [_place(str(kind), mark.span, mark.words) for mark in never]
        return Figure(len(found) - len(never), len(found))

    def _lay_out_blocks(self) -> None:
        """The lines of each block have its state; what is within it comes later, and counts."""
        order = sorted(self._copy.marks, key=lambda mark: (_is_entry(mark), mark.number))
        for mark in order:
            state = ENTERED if mark.number in self._entered else NEVER
            for line in self._lines_of(mark):
                self._state(mark.span.file, line, state, more=_is_entry(mark))

    def _lines_of(self, mark: Mark) -> Iterable[int]:
        text = self._copy.shelf.text(f"{self._copy.shelf.install}/{mark.block.file}")
        assert text
        return range(mark.block.line, text.line(mark.block.end - 1) + 1)

    def _state(self, file: str, line: int, state: str, *, more: bool = True) -> None:
        """Set a line's state; with `more` than one branch in it, it is entered when all are."""
        states = self._lines.setdefault(file, {})
        if not (more and states.get(line) == NEVER):
            states[line] = state

    def _of_lua(self) -> Figure:
        can: set[tuple[str, int]] = set()
        entered: set[tuple[str, int]] = set()
        for path, chunk in self._copy.chunks.items():
            name = chunk.text.name
            if path not in self._lua:
                span = chunk.span(0, len(chunk.code))
                self._unmeasured.append(_place(str(Kind.LUA), span, "Lua that was not loaded"))
                continue
            can |= {(name, line) for line in self._lua[path].can}
            entered |= {(name, line) for line in self._lua[path].entered}
        for name, line in can:
            self._lines.setdefault(name, {})[line] = ENTERED if (name, line) in entered else NEVER
        for name in sorted({name for name, _ in can}):
            left = [line for one, line in can - entered if one == name]
            self._places += self._rows(name, left, [line for one, line in entered if one == name])
        return Figure(len(entered), len(can))

    def _rows(self, name: str, left: list[int], entered: list[int]) -> Iterator[Place]:
        text = self._copy.shelf.text(f"{self._copy.shelf.install}/{name}")
        assert text
        for first, last in in_rows(left, entered):
            span = text.span_of_line(first)
            words = text.data[span.start : span.end].decode("utf-8", "replace")
            yield Place(str(Kind.LUA), name, first, last, mask_numbers(words))


def _is_entry(mark: Mark) -> bool:
    return mark.kind in VALUES.values()


def _in_file(chunk: Chunk, lines: Lines) -> Lines:
    """The lines of a piece as the file counts them, without those that hold no Lua: nginx's own
    `end` behind a block is one."""
    texts = chunk.code.split(b"\n")
    real = {
        number: chunk.span_of_line(number).line
        for number in lines.can
        if number <= len(texts) and not _COMMENT.fullmatch(texts[number - 1])
    }
    return Lines(
        frozenset(real.values()), frozenset(real[one] for one in lines.entered if one in real)
    )


def _place(kind: str, span: Span, words: str) -> Place:
    return Place(kind, span.file, span.line, span.line, mask_numbers(words))


def _in_order(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.last
