"""gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951).

A gzip or zlib member is found anywhere by its first bytes; raw deflate has none, so it is tried
where data, a body or a run of base64 begin. What a damaged or truncated member gives before the
damage counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headgate.layers._inflate import inflated, maybe_deflated, whole
from headgate.layers._layer import Budget, Decoded, Layer, Source

_GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_BODY = b"\r\n\r\n"


def _decode(source: Source, budget: Budget) -> Iterator[Decoded]:
    for name, window, start in _beginnings(source.data):
        if not budget.attempt():
            return
        data, end = inflated(source.data, start, window, budget)
        if data:
            yield Decoded(name, data, whole(start, end))


def _beginnings(data: bytes) -> Iterator[tuple[str, int, int]]:
    if data.isascii():  # none of the three begins so
        return
    for name, window, magic in (("gzip", 31, _GZIP), ("zlib", 15, _ZLIB)):
        yield from ((name, window, match.start()) for match in magic.finditer(data))
    for start in _bodies(data):
        if maybe_deflated(data[start : start + 10]):
            yield "deflate", -15, start


def _bodies(data: bytes) -> Iterator[int]:
    at = 0
    while at >= 0:
        yield at
        at = data.find(_BODY, at)
        at = at + len(_BODY) if at >= 0 else at


LAYER = Layer("compressed", _decode, ("gzip", "zlib", "deflate"))
