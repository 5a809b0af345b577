"""Inflating from a guessed place, bounded."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from headgate.layers._layer import Budget

_LARGEST_MEMBER = 8 << 20
_FIRST_FEED = 64  # most guesses fail within a few bytes
_FEED = 1 << 16
_LEAST_DEFLATED = 10


def maybe_deflated(data: bytes) -> bool:
    """Whether raw deflate may begin here: a last block with codes (RFC 1951, 3.2.3), no text."""
    return len(data) >= _LEAST_DEFLATED and data[0] & 7 in (3, 5) and not data[:10].isascii()


def inflated(data: bytes, start: int, window: int, budget: Budget) -> tuple[bytes, int]:
    """What inflates from `start` on, as far as it does and the budget goes, and where it ends.

    `window` is as for `zlib.decompressobj`: 31 for gzip, 15 for zlib, -15 for raw deflate.
    """
    member, parts, at, feed = zlib.decompressobj(window), [], start, _FIRST_FEED
    room = min(_LARGEST_MEMBER, budget.size)
    while at < len(data) and room > 0 and not member.eof:
        try:
            part = member.decompress(data[at : at + feed], room)
        except zlib.error:
            break
        parts.append(part)
        room -= len(part)
        at, feed = min(at + feed, len(data)) - len(member.unused_data), _FEED
    inside = b"".join(parts)
    budget.take(len(inside))
    return inside, at


def whole(start: int, end: int) -> Callable[[int, int], tuple[int, int]]:
    """A place for every part of what has no places of its own inside."""
    return lambda first, last: (start, end)
