"""Layers in which single characters are written as escapes, amid characters that are not."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from headgate.layers._layer import Budget, Decoded, Source

# A region ends here even where nothing ends it; the next escape begins another.
_LONGEST_BEFORE = 1 << 12
_LONGEST_BEHIND = 1 << 16


def telling(literal: bytes, rest: bytes) -> re.Pattern[bytes]:
    """A regex for the escapes worth decoding, of those with `literal` and `rest` before the code.

    That is a letter or digit; a separator or a plus beside a digit; what base64 has besides
    letters, amid six of them on each side. Ordinary text is full of escapes, few are like that.
    The literal stands first, since that is what `re` is quick at.
    """
    at, then = re.escape(literal), rest
    return re.compile(
        at + rb"(?:" + then + rb"(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[0-9A-Fa-f](?=[0-9]))"
        rb"|(?<=[0-9]" + at + rb")" + then + rb"2[0-9A-Fa-f]"
        rb"|(?<=[A-Za-z0-9]{6}" + at + rb")" + then + rb"2[BbFf](?=[A-Za-z0-9]{6}))"
    )


@dataclass(frozen=True)
class Escapes:
    """An escaping: `trigger` finds an escape worth decoding, `space` ends the region around it."""

    name: str
    literal: bytes
    trigger: re.Pattern[bytes]
    token: re.Pattern[bytes]
    decoded: Callable[[bytes], bytes]
    space: bytes

    def decode(self, source: Source, budget: Budget) -> Iterator[Decoded]:
        """Each region with an escape that could tell something, decoded."""
        data = source.data
        if self.literal not in data:
            return
        end = 0
        while (match := self.trigger.search(data, end)) is not None:
            start, end = self._region(data, match.start(), end)
            if not budget.take(end - start):
                return
            yield self._unescaped(data[start:end], start)

    def _region(self, data: bytes, at: int, after: int) -> tuple[int, int]:
        lowest = max(after, at - _LONGEST_BEFORE)
        start = max(lowest, *(data.rfind(byte, lowest, at) + 1 for byte in self._breaks))
        highest = min(len(data), at + _LONGEST_BEHIND)
        stop = self._stop.search(data, at, highest)
        return start, highest if stop is None else stop.start()

    @cached_property
    def _breaks(self) -> tuple[bytes, ...]:
        return tuple(bytes((byte,)) for byte in self.space)

    @cached_property
    def _stop(self) -> re.Pattern[bytes]:
        return re.compile(b"[" + re.escape(self.space) + b"]")

    def _unescaped(self, region: bytes, start: int) -> Decoded:
        data = self.token.sub(lambda match: self.decoded(match[0]), region)

        def locate(first: int, last: int) -> tuple[int, int]:
            places = self._places(region)
            return start + places.origin(first), start + places.end(last)

        return Decoded(self.name, data, locate)

    def _places(self, region: bytes) -> _Places:
        spans = [match.span() for match in self.token.finditer(region)]
        return _Places(spans, [len(self.decoded(region[a:b])) for a, b in spans])


class _Places:
    """Where the bytes of an unescaped region came from; `spans` are those of its escapes."""

    def __init__(self, spans: list[tuple[int, int]], lengths: list[int]) -> None:
        self._spans = spans
        self._lengths = lengths
        lost = (b - a - n for (a, b), n in zip(spans, lengths, strict=True))
        self._shrunk = list(accumulate(lost, initial=0))
        self._starts = [a - gone for (a, _), gone in zip(spans, self._shrunk, strict=False)]

    def origin(self, at: int) -> int:
        """The place of the byte at `at`, or of the escape that it came from."""
        index = bisect_right(self._starts, at) - 1
        if index >= 0 and at < self._starts[index] + self._lengths[index]:
            return self._spans[index][0]
        return at + self._shrunk[index + 1]

    def end(self, at: int) -> int:
        """The place behind the byte before `at`, or behind the escape that it came from."""
        index = bisect_left(self._starts, at) - 1
        if index >= 0 and at <= self._starts[index] + self._lengths[index]:
            return self._spans[index][1]
        return at + self._shrunk[index + 1]
