"""Long runs of the base64 alphabet: the only places where base64 and hex can hide something."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
LEAST_RUN = 16
_CLASSES = bytes(ord("b") if byte in ALPHABET else ord(" ") for byte in range(256))
_LEAST = b"b" * LEAST_RUN


def stretches(classes: bytes, least: bytes) -> Iterator[tuple[int, int]]:
    """Where the one byte that `least` repeats stands at least so often in a row, spaces elsewhere.

    `find` skips as much as `least` is long where it meets another byte: ten times as quick as `re`.
    """
    start = classes.find(least)
    while start >= 0:
        end = classes.find(b" ", start + len(least))
        end = len(classes) if end < 0 else end
        yield start, end
        start = classes.find(least, end)


class Runs:
    """The runs of `data`, of at least 16, joined by spaces in `text`."""

    def __init__(self, data: bytes) -> None:
        self.spans = list(stretches(data.translate(_CLASSES), _LEAST))
        self.text = b" ".join([data[start:end] for start, end in self.spans])

    def origin(self, at: int) -> int:
        """The place in the data of the byte at `at` in `text`."""
        run = bisect_right(self._starts, at) - 1
        return self.spans[run][0] + at - self._starts[run]

    @cached_property
    def _starts(self) -> list[int]:
        lengths = (end - start + 1 for start, end in self.spans)
        return list(accumulate(lengths, initial=0))
