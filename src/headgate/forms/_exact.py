"""Finding exact bytes, and digests of which the end is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headgate.forms._anchors import Anchors
from headgate.forms._form import Spelling
from headgate.forms._spaced import Match

_ANCHOR = 4


class ExactAutomaton:
    """Finds spellings that are LONG or RAW."""

    def __init__(self, spellings: Iterable[tuple[int, list[Spelling]]]) -> None:
        patterns = [
            (pattern.data[: pattern.least or None], (owner, pattern))
            for owner, every in spellings
            for pattern in every
        ]
        self._anchors = Anchors(patterns, _ANCHOR, scattered=True)

    def find(self, data: bytes) -> Iterator[Match]:
        for candidates in self._anchors.find(data):
            for start, (owner, pattern) in candidates:
                length = _alike(data[start : start + len(pattern.data)], pattern.data)
                cut = ", cut short" if length < len(pattern.data) else ""
                yield Match(start, start + length, owner, pattern.name + cut)


def _alike(data: bytes, pattern: bytes) -> int:
    """How many leading bytes the two have in common."""
    pairs = enumerate(zip(data, pattern, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(data), len(pattern)))
