"""What is worth a look in bytes that were decoded on suspicion: nearly always nothing."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from headgate.layers._layer import Budget
from headgate.layers._runs import stretches

# A zero byte counts as readable for the sake of UTF-16.
_CLASSES = bytes(
    ord("p") if byte in (0, 9, 10, 13) or 32 <= byte < 127 else ord(" ") for byte in range(256)
)
_LEAST = b"p" * 10
_GZIP = b"\x1f\x8b\x08"
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_REACH = 1 << 16


def readable(data: bytes, budget: Budget) -> Iterator[tuple[int, int]]:
    """The places in `data` where ten readable characters stand in a row, or something inflates."""
    yield from stretches(data.translate(_CLASSES), _LEAST)
    at = data.find(_GZIP)
    while at >= 0 and budget.take(_REACH):
        yield at, at + _REACH
        at = data.find(_GZIP, at + _REACH)
    for match in _ZLIB.finditer(data):
        if _inflates(data[match.start() : match.start() + 64]) and budget.take(_REACH):
            yield match.start(), match.start() + _REACH


def _inflates(data: bytes) -> bool:
    try:
        return bool(zlib.decompressobj().decompress(data))
    except zlib.error:
        return False
