"""Finding text in which separators may stand.

All separators are taken out of the data, wherever they stand, and the patterns are looked for in
what is left. Where one is found, the way back to the data tells whether what was taken out there
may stand between the digits of a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from headgate.forms._anchors import Anchors
from headgate.forms._form import NO_DIGITS_BESIDE, Edge, Spelling, Where
from headgate.layers._squeezed import Squeezed

# Each byte above 127 too: no-break spaces and dashes are two or three of them in UTF-8.
SEPARATORS = b" \t\r\n\v\f-.()/_:,;*~+|'\"" + bytes(range(128, 256))
_GAP = (
    rb"(?:(?:[ \t.()/_,;*~+|-]|\xc2?\xa0|\xe2\x80[\x80-\xaf]|\xe2\x88\x92){1,3}"
    rb"|:|[ \t]*\r?\n[ \t]+)"  # a folded header line (RFC 9112, section 5.2)
)
_SPACED = re.compile(rb"[0-9A-Za-z]+(?:" + _GAP + rb"[0-9A-Za-z]+)*")
_PLUS = re.compile(rb"\+[( ]?\Z")
_ANCHOR = 6


class Match(NamedTuple):
    """A pattern found in data, from `start` to before `end`; `owner` is whose it is."""

    start: int
    end: int
    owner: int
    name: str


class _Entry(NamedTuple):
    """A pattern; `text` is what the view shows of it."""

    owner: int
    spelling: Spelling
    text: bytes


class SpacedAutomaton:
    """Finds spellings that are SPACED or SOLID."""

    def __init__(self, spellings: Iterable[tuple[int, list[Spelling]]]) -> None:
        entries = (
            _Entry(owner, pattern, pattern.data.translate(None, SEPARATORS))
            for owner, patterns in spellings
            for pattern in patterns
        )
        self._anchors = Anchors([(entry.text, entry) for entry in entries], _ANCHOR)

    def find(self, data: bytes) -> Iterator[Match]:
        view = Squeezed(data, SEPARATORS)
        for candidates in self._anchors.find(view.text):
            settled = set()  # whose number was found here: no need to look for its parts
            for first, entry in candidates:
                if entry.owner not in settled:
                    match = _confirmed(data, view, first, entry)
                    if match is not None:
                        settled.add(entry.owner)
                        yield match


def _confirmed(data: bytes, view: Squeezed, first: int, entry: _Entry) -> Match | None:
    start = view.origin(first)
    if entry.spelling.where is Where.SOLID:
        return _solid(data, start, entry)
    end = start + len(entry.text)
    parted = not data.startswith(entry.text, start)
    if parted:
        end = view.origin(first + len(entry.text) - 1) + 1
    if not _acceptable(data, start, end, entry.spelling.edge, parted=parted):
        return None
    return _with_plus(data, entry, start, end, ", separated" if parted else "")


def _solid(data: bytes, place: int, entry: _Entry) -> Match | None:
    pattern = entry.spelling
    start = place - pattern.data.index(entry.text[:1])
    if start < 0 or not data.startswith(pattern.data, start):
        return None
    end = start + len(pattern.data) + bool(pattern.trail)
    start -= bool(pattern.lead)
    if not _fits(data, start, end, pattern):
        return None
    return Match(start, end, entry.owner, pattern.name)


def _acceptable(data: bytes, start: int, end: int, edge: Edge, *, parted: bool) -> bool:
    """Who writes separators writes for people, and sets the number apart from what is beside it:
    digits beside it mean that it is a date, an address or a list."""
    if not parted:
        return _free(data, start, end, edge)
    apart = _free(data, start, end, NO_DIGITS_BESIDE)
    return apart and _SPACED.fullmatch(data, start, end) is not None


def _with_plus(data: bytes, entry: _Entry, start: int, end: int, how: str) -> Match | None:
    name = entry.spelling.name + how
    if not entry.spelling.data.startswith(b"+"):
        return Match(start, end, entry.owner, name)
    plus = _PLUS.search(data, max(0, start - 2), start)
    return plus and Match(plus.start(), end, entry.owner, name)


def _fits(data: bytes, start: int, end: int, pattern: Spelling) -> bool:
    if start < 0 or end > len(data):
        return False
    if pattern.lead and data[start] not in pattern.lead:
        return False
    if pattern.trail and data[end - 1] not in pattern.trail:
        return False
    return _free(data, start, end, pattern.edge)


def _free(data: bytes, start: int, end: int, edge: Edge) -> bool:
    """Whether as many sides of the place are free of the edge's characters as it asks for."""
    if not edge.sides:
        return True
    before, behind = data[max(0, start - 1) : start], data[end : end + 1]
    taken = sum(side != b"" and side in edge.chars for side in (before, behind))
    return taken <= 2 - edge.sides
