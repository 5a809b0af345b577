"""UTF-16, either byte order, and UTF-32: text with zero bytes between its characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from headgate.layers._layer import Budget, Decoded, Layer, Source

_CLASSES = bytes(
    ord("0") if byte == 0 else ord("p") if byte in (9, 10, 13) or 32 <= byte < 127 else ord(" ")
    for byte in range(256)
)
_LEAST = 8
_WIDE = {
    2: re.compile(b"p" + b"0p" * (_LEAST - 1) + b"(?:0p)*"),
    4: re.compile(b"p" + b"000p" * (_LEAST - 1) + b"(?:000p)*"),
}


def _decode(source: Source, budget: Budget) -> Iterator[Decoded]:
    data = source.data
    if b"\0" not in data:
        return
    classes = data.translate(_CLASSES)
    for width, run in _WIDE.items():
        for match in run.finditer(classes):
            text = data[match.start() : match.end() : width]
            if not budget.take(len(text)):
                return
            yield Decoded(f"UTF-{width * 8}", text, _locate(match.start(), width))


def _locate(start: int, width: int) -> Callable[[int, int], tuple[int, int]]:
    return lambda first, last: (start + first * width, start + (last - 1) * width + 1)


LAYER = Layer("UTF-16", _decode, ("UTF-32",))
