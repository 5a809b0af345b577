"""A request in parts that can be left out: parameters, cookies, header lines, method, body.

With all of them it is the request to the byte; without some of them it is still a request.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from headgate.http import Message

# What speaks of the body, and goes with it.
_OF_BODY = {b"content-length", b"content-type", b"transfer-encoding", b"expect", b"trailer"}
_TARGET = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?]*)(?:\?(.*))?\Z", re.S)
_LINE = re.compile(rb"[^\n]*\n?")

Unit = str
"""The name of what can be left out, alone or with others of the same name; empty if nothing."""


@dataclass(frozen=True)
class Row:
    """Items with a separator between them; when all are left out, `empty` stands there."""

    items: tuple[tuple[Unit, bytes], ...]
    prefix: bytes = b""
    separator: bytes = b""
    suffix: bytes = b""
    empty: bytes = b""

    def rendered(self, kept: Collection[Unit]) -> bytes:
        items = [data for unit, data in self.items if not unit or unit in kept]
        if not items:
            return self.empty
        return self.prefix + self.separator.join(items) + self.suffix


@dataclass(frozen=True)
class Parts:
    """A request as rows, in the order of its bytes."""

    rows: tuple[Row, ...]

    @property
    def units(self) -> list[Unit]:
        """All that can be left out, what matters least first."""
        found = dict.fromkeys(unit for row in self.rows for unit, _ in row.items if unit)
        return list(found)

    def rendered(self, kept: Collection[Unit]) -> bytes:
        return b"".join(row.rendered(kept) for row in self.rows)


def parts_of(raw: bytes) -> Parts:
    """The parts of a request; of one that is no HTTP, its lines."""
    parts = Parts(tuple(_rows(Message(raw))))
    if parts.rendered(parts.units) == raw:
        return parts
    return Parts(tuple(_lines(raw)))


def _rows(message: Message) -> Iterator[Row]:
    first, *lines = _LINE.findall(message.raw[: message.body_start])[:-1] or [b""]
    yield from _request_line(first, message)
    for index, line in enumerate(lines):
        yield _header(index, line)
    yield Row((("body", message.body),))


def _request_line(line: bytes, message: Message) -> Iterator[Row]:
    method, target = message.method, message.target
    match = _TARGET.match(target)
    assert match
    yield Row((("method" if method != b"GET" else "", method),), empty=b"GET")
    yield _fixed(b" " + (match[1] or b""))
    yield Row((("path" if match[2] not in (b"/", b"") else "", match[2]),), empty=b"/")
    if match[3] is not None:
        pairs = match[3].split(b"&")
        items = tuple((f"parameter {i}", pair) for i, pair in enumerate(pairs))
        yield Row(items, prefix=b"?", separator=b"&")
    yield _fixed(line[len(method) + 1 + len(target) :])


def _header(index: int, line: bytes) -> Row:
    name, _, rest = line.partition(b":")
    kind = name.strip().lower()
    if kind in (b"host", b"") or not line.strip():
        return _fixed(line)
    if kind == b"cookie" and line.endswith(b"\r\n"):
        value = rest.strip()
        at = line.index(value) if value else len(line) - 2
        crumbs = tuple((f"cookie {index}.{i}", one) for i, one in enumerate(value.split(b"; ")))
        return Row(crumbs, line[:at], b"; ", line[at + len(value) :])
    return Row((("body" if kind in _OF_BODY else f"line {index}", line),))


def _lines(raw: bytes) -> Iterator[Row]:
    for index, line in enumerate(_LINE.findall(raw)):
        host = line[:5].lower() == b"host:" or not line.strip() or not index
        yield Row((("" if host else f"line {index}", line),))


def _fixed(data: bytes) -> Row:
    return Row((("", data),))
