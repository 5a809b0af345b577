"""The part of a base64 text that a byte string fixes, wherever it stands in what was encoded."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from headgate.forms._form import Spelling

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_TO_URL = bytes.maketrans(b"+/", b"-_")


class Fixed(NamedTuple):
    """What a base64 text with the data must hold: `text`, one of `lead` before, of `trail` behind.

    Empty means that anything may stand there, or nothing.
    """

    text: bytes
    lead: bytes
    trail: bytes


def in_base64(name: str, fixed: Fixed) -> Spelling:
    return Spelling(f"{name}, in base64", fixed.text, lead=fixed.lead, trail=fixed.trail)


def alignments(data: bytes) -> Iterator[Fixed]:
    """What `data` alone decide, at offsets 0, 1 and 2 of a group of three bytes.

    A character at an end may share its six bits with a neighbouring byte, of which nothing is
    known (RFC 4648, section 4): `lead` and `trail` are the characters that it may be. Without them
    the last digit of a number would be a guess. Each comes in the standard alphabet, and in that
    of section 5 too where the two differ.
    """
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data + b"\0\0")
        start, end = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        known = (offset + len(data)) * 8 % 6
        trail = _sharing(text[end], 6 - known, high=True) if known else b""
        lead = _sharing(text[start - 1], offset * 8 % 6, high=False) if offset else b""
        fixed = text[start:end]
        yield Fixed(fixed, lead, trail)
        if b"+" in fixed or b"/" in fixed:
            yield Fixed(fixed.translate(_TO_URL), lead, trail)


@cache
def _sharing(character: int, unknown: int, *, high: bool) -> bytes:
    """The characters that are `character` but for that many unknown bits at the other end."""
    value = _VALUES[character]
    if high:
        alike = (value >> unknown << unknown | low for low in range(1 << unknown))
    else:
        rest = value & (1 << 6 - unknown) - 1
        alike = (rest | first << 6 - unknown for first in range(1 << unknown))
    characters = bytes(_ALPHABET[each] for each in alike)
    return characters + characters.translate(_TO_URL)
