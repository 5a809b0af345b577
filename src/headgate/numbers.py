"""Subscribers and their numbers.

A number is personal data: every type here shows itself masked, so that no traceback, assertion
message or report spells one out by accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

MASK = "***"

# Another thread than the one that was asked to reveal them goes on hiding them.
_HIDDEN: ContextVar[bool] = ContextVar("numbers are hidden", default=True)

# Eight digits and more, as numbers are written; dates and versions are shorter or have other signs.
_NUMBER = re.compile(r"\d(?:[ ().-]?\d){7,}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


@contextmanager
def revealed() -> Iterator[None]:
    """For a while numbers are shown as they are, in everything: somebody has asked for that."""
    before = _HIDDEN.set(False)
    try:
        yield
    finally:
        _HIDDEN.reset(before)


def are_hidden() -> bool:
    """Whether numbers are to be masked, as ever unless somebody has asked for them."""
    return _HIDDEN.get()


def mask(digits: str) -> str:
    """The number with its last three digits hidden: `447700900123` gives `+447700900***`.

    >>> mask("447700900123")
    '+447700900***'
    """
    return f"+{digits[:-3]}{MASK}" if are_hidden() else f"+{digits}"


def mask_numbers(text: str) -> str:
    """Any text with the last three digits of whatever may be a phone number hidden.

    >>> mask_numbers("invalid parameter 447700900123 in subscribers.map:7")
    'invalid parameter 447700900*** in subscribers.map:7'
    """

    def without_end(match: re.Match[str]) -> str:
        if _IPV4.fullmatch(match[0]):
            return match[0]
        return re.sub(r"\D", "", match[0])[:-3] + MASK

    return _NUMBER.sub(without_end, text) if are_hidden() else text


@dataclass(frozen=True)
class Subscriber:
    """A subscriber of the lab: `msisdn` is 8 to 15 digits with country code and no plus sign
    (ITU-T E.164), `imsi` 15 digits (ITU-T E.212)."""

    msisdn: str = field(repr=False)
    imsi: str = field(repr=False)
    consent: bool = True

    @property
    def masked(self) -> str:
        return mask(self.msisdn)

    def __repr__(self) -> str:
        return f"Subscriber({self.masked})"
