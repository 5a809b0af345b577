"""The number as an integer of 64 bits, either byte order: in bytes, in base64 and in hex.

False alarms: 8 bytes, 2**64 = 2e19: 6e-8 for 1,000 subscribers in 1 GiB of random bytes. Hex
without its leading zeros (as `%x` prints it) is 10 or 11 digits, 16**10 = 1e12: looked for only
where no further hexadecimal digit stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.forms._base64 import alignments, in_base64
from headgate.forms._form import NO_HEX_BESIDE, Form, Identity, Spelling, Where


def _spellings(identity: Identity) -> Iterator[Spelling]:
    number = int(identity.digits)
    for order in ("big", "little"):
        name = f"integer, {order}-endian"
        data = number.to_bytes(8, "big" if order == "big" else "little")
        yield Spelling(f"{name}, in bytes", data, Where.RAW)
        for fixed in alignments(data):
            yield in_base64(name, fixed)
        yield from _hex(f"{name}, in hex", data.hex())
    yield from _hex("integer, in hex", f"{number:x}", bare=True)


def _hex(name: str, text: str, *, bare: bool = False) -> Iterator[Spelling]:
    for way in dict.fromkeys((text, text.upper())):
        if bare:
            yield Spelling(name, way.encode(), Where.SOLID, NO_HEX_BESIDE)
        else:
            yield Spelling(name, way.encode(), Where.SPACED)


FORM = Form("integer", _spellings)
