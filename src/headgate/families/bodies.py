"""Requests with bodies, of every size and framing (RFC 9112, 6 and 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from headgate.families import Family
from headgate.plan import Headers, Plan
from headgate.request import Connection

# Below and above what nginx keeps of a body in memory (client_body_buffer_size: 8 or 16 KiB, often
# set to 64 or 128) before it goes another way, by a file. What is long for a phone's upload may be
# refused, and does not bind.
SIZES = (1, 200, 9 << 10, 17 << 10, 40 << 10)
LARGE = (70 << 10, 260 << 10)

CHUNKED = ("Transfer-Encoding", "chunked")


def in_chunks(body: bytes, size: int, *, extension: bytes = b"", trailer: Headers = ()) -> bytes:
    """A body in the chunked coding, in chunks of `size` bytes."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    last = "".join(f"{name}: {value}\r\n" for name, value in trailer).encode("latin-1")
    return chunks + b"0\r\n" + last + b"\r\n"


def _text(size: int) -> bytes:
    return (b"comment=" + b"a+fine+day+at+the+seaside+" * (size // 26 + 1))[:size]


def _kinds() -> Iterator[dict[str, Any]]:
    for method, size in zip(cycle(("POST", "PUT", "PATCH")), SIZES):
        yield {"method": method, "body": _text(size)}
        yield _chunked(method, size, max(1, size // 3))
    yield _chunked("POST", 700, 1)
    yield _chunked("POST", 200, 64, extension=b";name=value")
    yield _chunked("POST", 200, 64, trailer=[("X-Checksum", "9a0364b9")])
    yield {"method": "POST", "headers": [("Content-Length", "0")]}
    for size in (200, 40 << 10):
        yield {"method": "POST", "body": _text(size), "headers": [("Expect", "100-continue")]}
    yield {"method": "POST", "body": b'{"name": "Ada"}', "headers": _typed("application/json", 15)}
    yield {"method": "POST", "binding": False}
    yield from ({"method": m, "body": b"q=1", "binding": False} for m in ("GET", "DELETE"))
    for size in LARGE:
        yield {"method": "POST", "body": _text(size), "binding": False}
    yield {**_chunked("PUT", LARGE[0], 8 << 10), "binding": False}


def _chunked(
    method: str, size: int, chunk: int, *, extension: bytes = b"", trailer: Headers = ()
) -> dict[str, Any]:
    body = in_chunks(_text(size), chunk, extension=extension, trailer=trailer)
    announced = [("Trailer", name) for name, _ in trailer]
    return {"method": method, "body": body, "headers": [CHUNKED, *announced]}


def _typed(kind: str, length: int) -> Headers:
    return [("Content-Type", kind), ("Content-Length", str(length))]


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for kind in _kinds():
        for place in plan.places():
            yield plan.visit(FAMILY.id, next(turn), place, **kind)


FAMILY = Family(
    "bodies",
    "Handsets send forms and files, small and larger than a gateway's buffers, whole and in "
    "chunks.",
    2,
    generate,
)
