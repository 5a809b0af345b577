"""HTTP/1 messages as they came: nothing joined, folded, lower-cased or dropped.

Fields are a list of pairs of bytes in their order, since two fields of one name are two chances to
disclose a number. What no parser would accept is still split at its first empty line, because the
bytes have been sent whether or not they were well formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from headgate.agents import framing
from headgate.lazy import lazy

_LINE = re.compile(
    rb"[^\n]*(?:\n[ \t][^\n]*)*\n?"
)  # a line with its obsolete folds (RFC 9112, 5.2)
_VERSION = re.compile(rb" +HTTP/\d(\.\d)?$")
_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_INTERIM = re.compile(rb"HTTP/\d(?:\.\d)? 1(?!01)\d\d")


class Field(NamedTuple):
    """One field line, and where in the message its value stands. (A tuple, since there are ten in
    each message.)"""

    name: bytes
    value: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Message:
    """A request or a response, from its first byte to its last."""

    raw: bytes

    @lazy
    def _head_start(self) -> int:
        return framing.leading_lines(self.raw)

    @lazy
    def body_start(self) -> int:
        """Offset of the body; of the end, where the head never ended."""
        return framing.head_end(self.raw, self._head_start) or len(self.raw)

    @lazy
    def start_line(self) -> bytes:
        return self.raw[self._head_start : self._start_line_end].rstrip(b"\r\n")

    @lazy
    def _start_line_end(self) -> int:
        return (self.raw.find(b"\n", self._head_start) + 1) or len(self.raw)

    @lazy
    def method(self) -> bytes:
        return self.start_line.split(b" ", 1)[0]

    @lazy
    def target(self) -> bytes:
        """The request target: what stands between the first space and the version."""
        rest = self.start_line.partition(b" ")[2]
        return _VERSION.sub(b"", rest)

    @lazy
    def path(self) -> bytes:
        """The path and query of the target, in whatever form that is (RFC 9112, 3.2): of
        `http://host/a?b`, `/a?b`."""
        match = _AUTHORITY.match(self.target)
        rest = self.target[match.end() :] if match else self.target
        return rest if rest.startswith(b"/") else b"/" + rest

    @lazy
    def status(self) -> int | None:
        """The status of a response; of the final one, where interim ones precede it."""
        found = None
        for match in re.finditer(rb"(?:^|\r?\n\r?\n)HTTP/\d(?:\.\d)? (\d{3})", self.raw):
            found = int(match[1])
            if found >= 200 or found == 101:
                break
        return found

    @property
    def responses(self) -> Iterator[Message]:
        """The interim responses (1xx, RFC 9110, 15.2), then the final one: each a message."""
        start = 0
        while interim := _INTERIM.match(self.raw, start):
            end = framing.head_end(self.raw, interim.end())
            if end is None:
                break
            yield Message(self.raw[start:end])
            start = end
        yield Message(self.raw[start:])

    @lazy
    def fields(self) -> tuple[Field, ...]:
        return tuple(self._fields(self._start_line_end, self.body_start))

    @lazy
    def trailer(self) -> tuple[Field, ...]:
        """The fields behind a chunked body (RFC 9112, 7.1.2)."""
        if not framing.is_chunked(self.raw[: self.body_start]):
            return ()
        start = framing.trailer_start(self.raw, self.body_start)
        return tuple(self._fields(start, len(self.raw))) if start is not None else ()

    def _fields(self, start: int, end: int) -> Iterator[Field]:
        at = start
        for line in _LINE.findall(self.raw, start, end):
            name, colon, value = line.partition(b":")
            if colon:
                yield Field(name.strip(), value.strip(), at + len(name) + 1, at + len(line))
            at += len(line)

    @property
    def body(self) -> bytes:
        return self.raw[self.body_start :]

    def place(self, offset: int) -> str:
        """Where in a request a byte stands, in the words of a finding."""
        if offset < self._start_line_end:
            query = self.raw.find(b"?", self._head_start, self._start_line_end)
            return "query" if -1 < query < offset else "request line"
        if offset >= self.body_start:
            return self._place_in_body(offset)
        for field in self.fields:
            if offset < field.end:
                name = field.name.decode("latin-1").lower()
                if offset < field.start:
                    return f"header name {name}"
                return "cookie" if name == "cookie" else f"header {name}"
        return "header"

    def _place_in_body(self, offset: int) -> str:
        for field in self.trailer:
            if field.start <= offset < field.end:
                return f"trailer {field.name.decode('latin-1').lower()}"
        return "body"
