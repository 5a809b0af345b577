"""Base64 in both alphabets (RFC 4648, sections 4 and 5), in runs of at least 16 characters.

All runs of the data are decoded as one, from each of the first four characters on: that gives
each run at each of the four places where a group may begin, and a text that was folded into lines
as a whole. Digits at one level of base64 are found by the form of that name, in shorter runs too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator

from headgate.layers._inflate import inflated, whole
from headgate.layers._layer import Budget, Decoded, Layer, Source
from headgate.layers._runs import ALPHABET
from headgate.layers._squeezed import Squeezed

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_OTHER = bytes(byte for byte in range(256) if byte not in ALPHABET)
# How a run begins whose first byte says: the last block, with codes (RFC 1951, section 3.2.3).
_DEFLATE = frozenset(
    base64.b64encode(bytes((first, second)))[:2].translate(alphabet)
    for first in range(256)
    if first & 7 in (3, 5)
    for second in range(0, 256, 16)
    for alphabet in (None, _TO_URL)
)


def _decode(source: Source, budget: Budget) -> Iterator[Decoded]:
    text = source.runs.text.translate(_TO_STANDARD, _OTHER)
    if not text or not budget.take(len(text) * 3):
        return
    size = -(-len(text) // 4) * 4
    padded = text.ljust(size + 3, b"A")
    shifted = (binascii.a2b_base64(padded[skipped : skipped + size]) for skipped in range(4))
    # Bytes that are no text have patterns of their own in base64.
    locate = _locate(source, size // 4 * 3)
    yield Decoded("base64", b"".join(shifted), locate, junk=True, binary=False)
    yield from _deflated(source, budget)


def _deflated(source: Source, budget: Budget) -> Iterator[Decoded]:
    """Raw deflate, which nothing but its success tells, at the beginning of a run."""
    for start, end in source.runs.spans:
        if source.data[start : start + 2] not in _DEFLATE:
            continue
        if not budget.attempt():
            return
        text = source.data[start:end].translate(_TO_STANDARD)
        packed = binascii.a2b_base64(text[: len(text) & ~3] + _rest(text))
        data, _ = inflated(packed, 0, -15, budget)
        if data:
            yield Decoded("deflate, in base64", data, whole(start, end))


def _rest(text: bytes) -> bytes:
    rest = text[len(text) & ~3 :]
    return rest.ljust(4, b"=") if len(rest) > 1 else b""


def _locate(source: Source, size: int) -> Callable[[int, int], tuple[int, int]]:
    def locate(first: int, last: int) -> tuple[int, int]:
        characters = Squeezed(source.runs.text, _OTHER)
        final = len(characters.text) - 1
        skipped = first // size
        start, end = first - skipped * size, min(size, last - skipped * size)
        first_character = characters.origin(min(final, skipped + start * 4 // 3))
        last_character = characters.origin(min(final, skipped + -(-end * 4 // 3) - 1))
        return source.runs.origin(first_character), source.runs.origin(last_character) + 1

    return locate


LAYER = Layer("base64", _decode)
