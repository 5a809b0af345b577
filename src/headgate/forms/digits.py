"""The digits themselves, with or without separators between them.

False alarms: a text that is nothing but random digits holds one of 1,000 significant numbers once
in 10,000,000 places; text of random printable characters, 1 GiB of it, with probability 2e-8.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.forms._form import Form, Identity, Spelling, Where, edge_of
from headgate.forms._plan import split, trunk


def _spellings(identity: Identity) -> Iterator[Spelling]:
    for name, digits in (*identity.written, *_with_trunk(identity)):
        yield Spelling(f"digits, {name}", digits.encode(), Where.SPACED, edge_of(digits))


def _with_trunk(identity: Identity) -> Iterator[tuple[str, str]]:
    """+44 (0)7700 900123: nobody can dial it, everybody writes it."""
    if identity.kind != "msisdn":
        return
    code, significant = split(identity.digits)
    if trunk(code):
        both = code + trunk(code) + significant
        yield from (("with + and trunk prefix", f"+{both}"), ("with trunk prefix", both))


FORM = Form("digits", _spellings)
