"""What a form of a number is: a name, and the byte patterns that an identity has in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Literal, NamedTuple

from headgate.forms import _plan

Kind = Literal["msisdn", "imsi"]

# Shorter runs of digits stand in ordinary traffic by accident: 10 digits of 1,000 subscribers are
# met once in 10,000,000 places of a text that is nothing but random digits, 9 digits ten times.
LEAST_DIGITS = 10


class Written(NamedTuple):
    """One way to write a number down: `international`, `447700900123`."""

    name: str
    digits: str


@dataclass(frozen=True)
class Identity:
    """What is looked for: the `digits` of an MSISDN (country code first, no plus) or an IMSI."""

    kind: Kind
    digits: str = field(repr=False)

    @cached_property
    def written(self) -> tuple[Written, ...]:
        """Every way to write it without separators, the shortest last; none under 10 digits.

        The parts of an MSISDN are told by `_plan`, those of an IMSI assume a mobile network code
        of two digits (ITU-T E.212), as in the test network 001 01.
        """
        ways = _written_msisdn(self.digits) if self.kind == "msisdn" else _written_imsi(self.digits)
        return tuple(way for way in ways if len(way.digits) >= LEAST_DIGITS)


def _written_msisdn(digits: str) -> tuple[Written, ...]:
    code, significant = _plan.split(digits)
    trunk = _plan.trunk(code)
    ways = [
        Written("with +", f"+{digits}"),
        Written("with 00", f"00{digits}"),
        Written("international", digits),
    ]
    if trunk:
        ways.append(Written("national", trunk + significant))
    return (*ways, Written("significant", significant))


def _written_imsi(digits: str) -> tuple[Written, ...]:
    return (Written("IMSI", digits), Written("MSIN", digits[5:]))


class Where(Enum):
    """How a pattern is looked for; what it costs depends on it."""

    SPACED = "letters and digits, in which separators may stand anywhere"
    SOLID = "text, exactly these bytes"
    LONG = "text, exactly these bytes, in a run of 16 and more of the base64 alphabet"
    RAW = "exactly these bytes, which are no text"


class Edge(NamedTuple):
    """How many `sides` of a hit must be free of `chars`: 0, 1 (either) or 2 (both)."""

    sides: int = 0
    chars: bytes = b""


FREE = Edge()
# Ten digits in the midst of a longer word are a timestamp, a counter or part of an id in hex:
# 16**10 is 1e12, and 1,000 subscribers met one by accident in 200 MB of random hex. At one end of
# a word they are a number that something was written next to.
AT_AN_END = Edge(1, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
NO_DIGITS_BESIDE = Edge(2, b"0123456789")
NO_HEX_BESIDE = Edge(2, b"0123456789abcdefABCDEF")


class Spelling(NamedTuple):
    """A pattern: the name that a hit has, its bytes, and what makes it count.

    `least` is the number of leading bytes that already count as a hit (a digest cut short);
    0 means all of them. One of `lead` must stand before them, one of `trail` behind, where given,
    and then belongs to the hit.
    """

    name: str
    data: bytes
    where: Where = Where.SOLID
    edge: Edge = FREE
    least: int = 0
    lead: bytes = b""
    trail: bytes = b""


@dataclass(frozen=True)
class Form:
    """A form of a number: `spellings` gives the patterns of an identity, in a fixed order."""

    name: str
    spellings: Callable[[Identity], Iterable[Spelling]]


def edge_of(digits: str) -> Edge:
    """The edge that plain digits need: the shortest must not stand inside a longer word."""
    return AT_AN_END if len(digits) <= LEAST_DIGITS else FREE
