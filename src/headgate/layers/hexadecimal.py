"""Hexadecimal, either case or mixed, in runs of at least 16 digits.

All runs of the data are decoded as one, once from the first digit and once from the second: that
gives each of them at both of the places where a byte may begin.
"""

from __future__ import annotations

import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from headgate.layers._layer import Budget, Decoded, Layer, Source
from headgate.layers._runs import stretches

_CLASSES = bytes(ord("h") if byte in b"0123456789abcdefABCDEF" else ord(" ") for byte in range(256))
_LEAST = b"h" * 16


def _decode(source: Source, budget: Budget) -> Iterator[Decoded]:
    text = source.runs.text
    spans = list(stretches(text.translate(_CLASSES), _LEAST))
    if spans and budget.take(len(text)):
        joined = b"".join([text[start:end] for start, end in spans])
        size = len(joined) + len(joined) % 2
        padded = joined.ljust(size + 1, b"0")
        data = binascii.unhexlify(padded[:size] + padded[1:])
        yield Decoded("hex", data, _locate(source, spans, size // 2), junk=True)


def _locate(
    source: Source, spans: list[tuple[int, int]], size: int
) -> Callable[[int, int], tuple[int, int]]:
    starts = list(accumulate((end - start for start, end in spans), initial=0))

    def place(digit: int) -> int:
        digit = min(digit, starts[-1] - 1)
        run = bisect_right(starts, digit) - 1
        return source.runs.origin(spans[run][0] + digit - starts[run])

    def locate(first: int, last: int) -> tuple[int, int]:
        skipped = first // size
        start, end = first - skipped * size, min(size, last - skipped * size)
        return place(start * 2 + skipped), place(end * 2 - 1 + skipped) + 1

    return locate


LAYER = Layer("hex", _decode)
