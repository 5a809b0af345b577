"""Each character of the digits as two hexadecimal digits, which separators may part.

False alarms: 20 hexadecimal digits, 16**20 = 1e24: none to speak of.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.forms._form import Form, Identity, Spelling, Where


def _spellings(identity: Identity) -> Iterator[Spelling]:
    for name, digits in identity.written:
        if digits[0] != "+":
            text = digits.encode().hex()
            yield Spelling(f"digits, {name}, in hex", text.encode(), Where.SPACED)
            continue
        # Of the characters of a number only the plus has a letter in its code.
        for plus in ("2b", "2B"):
            text = plus + digits[1:].encode().hex()
            yield Spelling(f"digits, {name}, in hex", text.encode(), Where.SPACED)


FORM = Form("hex", _spellings)
