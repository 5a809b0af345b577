"""The digits from the last to the first.

False alarms: as the digits themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.forms._form import Form, Identity, Spelling, Where, edge_of


def _spellings(identity: Identity) -> Iterator[Spelling]:
    for name, digits in identity.written:
        if digits[0] != "+":
            backwards = digits[::-1].encode()
            yield Spelling(f"digits, {name}, reversed", backwards, Where.SPACED, edge_of(digits))


FORM = Form("reversed", _spellings)
