"""Bytes with some values taken out, and the way back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate

_BLOCK = 2048
_SMALL = 4 * _BLOCK


class Squeezed:
    """`data` without the bytes in `dropped`, as `text`; `origin` tells where a byte came from."""

    def __init__(self, data: bytes, dropped: bytes) -> None:
        self._data = data
        self._dropped = dropped
        self.text = data.translate(None, dropped)

    def origin(self, at: int) -> int:
        """The place in `data` of the byte at `at` in `text`."""
        guess = self._guess(at)
        return guess if guess is not None else self._searched(at)

    def _guess(self, at: int) -> int | None:
        """The place, where nothing is dropped behind it and nothing like it stands before it."""
        if len(self._data) > _SMALL:
            return None
        place = self._data.find(self.text[at : at + 8])
        return place if place >= 0 and self._kept(self._data[:place]) == at else None

    def _searched(self, at: int) -> int:
        block = bisect_right(self._kept_before, at) - 1
        left = at - self._kept_before[block]
        part = self._data[block * _BLOCK : (block + 1) * _BLOCK]
        # The shortest beginning of the block that keeps one byte more than stand before ours.
        length = bisect_left(range(len(part) + 1), left + 1, key=lambda end: self._kept(part[:end]))
        return block * _BLOCK + length - 1

    @cached_property
    def _kept_before(self) -> list[int]:
        starts = range(0, len(self._data), _BLOCK)
        kept = (self._kept(self._data[start : start + _BLOCK]) for start in starts)
        return list(accumulate(kept, initial=0))[:-1]

    def _kept(self, part: bytes) -> int:
        return len(part.translate(None, self._dropped))
