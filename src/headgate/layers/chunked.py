"""Bodies in chunks (RFC 9112, section 7.1): the sizes between the chunks are taken out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from headgate.layers._layer import Budget, Decoded, Layer, Source

_SIZE = re.compile(rb"(?:\r\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_BODY = re.compile(rb"\r\n\r\n(?=[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r\n)")


def _decode(source: Source, budget: Budget) -> Iterator[Decoded]:
    data, at = source.data, 0
    while (body := _BODY.search(data, at)) is not None:
        chunks = list(_chunks(data, body.end()))
        at = chunks[-1][1] if chunks else body.end()
        if not budget.take(at - body.end()):
            return
        if len(chunks) > 1:
            whole = b"".join(data[start:end] for start, end in chunks)
            yield Decoded("chunks", whole, _locate(chunks))


def _chunks(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    while (size := _SIZE.match(data, at)) is not None:
        start, at = size.end(), min(len(data), size.end() + int(size[1], 16))
        if start >= at:
            return
        yield start, at


def _locate(chunks: list[tuple[int, int]]) -> Callable[[int, int], tuple[int, int]]:
    before = [0]
    for start, end in chunks:
        before.append(before[-1] + end - start)

    def place(at: int) -> int:
        chunk = bisect_right(before, at) - 1
        return chunks[chunk][0] + at - before[chunk]

    return lambda first, last: (place(first), place(last - 1) + 1)


LAYER = Layer("chunked", _decode, ("chunks",))
