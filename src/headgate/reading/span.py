"""Places in a candidate's files: bytes, lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, order=True)
class Span:
    """The bytes from `start` up to `end` of a file; `line` and `column` (both from 1, the column
    in bytes) are those of the first. `file` is relative to the install folder, absolute where it is
    not the candidate's."""

    file: str
    start: int
    end: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Text:
    """A file as bytes: `name` as in spans."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def _lines(self) -> list[int]:
        """The offsets at which lines begin."""
        starts, at = [0], self.data.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

    def line(self, offset: int) -> int:
        """The number of the line that a byte stands in, from 1."""
        return bisect_right(self._lines, offset)

    def span(self, start: int, end: int) -> Span:
        line = self.line(start)
        return Span(self.name, start, end, line, start - self._lines[line - 1] + 1)

    def span_of_line(self, line: int) -> Span:
        """A line without the blanks around it; the last one where there are fewer."""
        index = min(max(line, 1), len(self._lines)) - 1
        start = self._lines[index]
        end = self._lines[index + 1] if index + 1 < len(self._lines) else len(self.data)
        content = self.data[start:end]
        start += len(content) - len(content.lstrip())
        return self.span(start, start + len(content.strip()))


def decoded(data: bytes) -> str:
    """Bytes of a config as text; what is no UTF-8 comes out as it went in (`encoded`)."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
