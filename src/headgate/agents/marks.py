"""How a request is known again at a site, and a site's answer at the handset.

One rule for both ends: the harness draws a token into each request and looks for it in what
arrives; the world writes the number of its receipt into each answer, where the harness reads it.
Neither has a form of its own: nothing shows a gateway which of the ids in a message they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import unquote_to_bytes

SHORTEST, LONGEST = 12, 32
"""Signs in a token: ASCII letters and digits, compared without case."""

_WORD = re.compile(
    rb"(?<![a-z0-9])[a-z0-9]{%d,%d}(?![a-z0-9])" % (SHORTEST, LONGEST), re.IGNORECASE
)
_VISIT = re.compile(rb"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")
_NUMBER_BYTES = 5
_CHECK_BYTES = 3


def words(data: bytes) -> Iterator[bytes]:
    """Everything in `data` that may be a token, in lower case; what stands in it percent-encoded
    (a URL within a URL) comes last."""
    for match in _WORD.finditer(data):
        yield match[0].lower()
    if b"%" in data:
        yield from (match[0].lower() for match in _WORD.finditer(unquote_to_bytes(data)))


def visit_mark(number: int) -> bytes:
    """A receipt's number as sixteen hexadecimal digits that look like any checksum's.

    It is recognised by its check anywhere in an answer; by chance, one such word in 16 million is.
    """
    plain = number.to_bytes(_NUMBER_BYTES, "big")
    check = _digest(plain, _CHECK_BYTES)
    return (check + _masked(plain, check)).hex().encode()


def visit_in(answer: bytes) -> int | None:
    """The number whose mark an answer holds, None when there is none."""
    for match in _VISIT.finditer(answer):
        data = bytes.fromhex(match[0].decode())
        check, rest = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        plain = _masked(rest, check)
        if _digest(plain, _CHECK_BYTES) == check:
            return int.from_bytes(plain, "big")
    return None


def _masked(data: bytes, check: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, _digest(check, _NUMBER_BYTES), strict=True))


def _digest(data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size).digest()
