"""TBCD: two digits a byte, the first in the low half, an odd last one filled up with F.

3GPP TS 29.002 (TBCD-STRING, ISDN-AddressString), TS 24.008, 10.5.1.4 (mobile identity). In bytes,
in base64 of the bytes, and in hex, where it is the digits with each pair swapped.

False alarms: an MSISDN of 12 digits is 6 bytes, 2**48 = 2.8e14: one in 1 GiB of random bytes with
probability 0.4 % for 1,000 subscribers, 0.4 % more for the national way and 0.4 % for its 8
characters of base64 in 1 GiB of base64; printable text without control characters can hold the
bytes of no number with a pair 00. The 5 bytes of a significant number alone would be found by
accident in each GiB, so they are looked for in hex only.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from headgate.forms._base64 import alignments, in_base64
from headgate.forms._form import NO_DIGITS_BESIDE, Form, Identity, Spelling, Where, edge_of

_TYPE_OF_ADDRESS = b"\x91"  # international, ISDN numbering plan (TS 29.002, AddressString)
_LEAST_BYTES = 6


def _spellings(identity: Identity) -> Iterator[Spelling]:
    for name, digits in identity.written:
        if digits[0] != "+":
            yield from _hex(name, digits)
            yield from _bytes(name, digits)
    if identity.kind == "imsi":
        yield from _mobile_identity(identity.digits)


def _swapped(digits: str) -> str:
    filled = digits + "f" * (len(digits) % 2)
    return "".join(filled[at + 1] + filled[at] for at in range(0, len(filled), 2))


def _hex(name: str, digits: str) -> Iterator[Spelling]:
    text = _swapped(digits)
    for way in dict.fromkeys((text, text.upper())):
        yield Spelling(f"TBCD, {name}, in hex", way.encode(), Where.SPACED, edge_of(digits))


def _bytes(name: str, digits: str) -> Iterator[Spelling]:
    data = bytes.fromhex(_swapped(digits))
    if len(data) < _LEAST_BYTES:
        return
    yield Spelling(f"TBCD, {name}, in bytes", data, Where.RAW)
    for text in dict.fromkeys((base64.b64encode(data), base64.urlsafe_b64encode(data))):
        yield Spelling(f"TBCD, {name}, in base64", text.rstrip(b"="))
    if name == "international":
        for fixed in alignments(_TYPE_OF_ADDRESS + data):
            yield in_base64(f"TBCD, {name}", fixed)


def _mobile_identity(digits: str) -> Iterator[Spelling]:
    """An IMSI behind its type of identity: the first digit shares a byte with the type."""
    text = digits[0] + "9" + _swapped(digits[1:])
    data = bytes.fromhex(text)
    yield Spelling("TBCD, mobile identity, in bytes", data, Where.RAW)
    yield Spelling("TBCD, mobile identity, in hex", text.encode(), Where.SPACED, NO_DIGITS_BESIDE)
    for fixed in alignments(data):
        yield in_base64("TBCD, mobile identity", fixed)


FORM = Form("TBCD", _spellings)
