"""Requests that name two hosts (RFC 9112, 3.2; "Host of Troubles", CCS 2016).

Whichever the gateway takes, it must decide and forward by the same. None of these binds a
permitted site to get the number: a gateway may refuse them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Plan
from headgate.request import EXPLICIT, Connection

DELIMITERS = ("?", "#", "/", "\\", "@", "%00", ":", ";", "&", ",", " ", "\t")


def _host_fields(one: str, other: str) -> Iterator[str]:
    """Values of a Host field in which two names stand, and in which none does."""
    yield from (f"{one}{delimiter}{other}" for delimiter in DELIMITERS)
    yield from (f"{other}{delimiter}{one}" for delimiter in DELIMITERS)
    yield ""


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        permitted, path = plan.host_of(site), plan.path_in(site)
        ordinary = plan.ordinary_hosts(1)[0]
        for mode in plan.modes:
            for named, field in _pairs(permitted, ordinary, mode):
                yield plan.connection(
                    FAMILY.id,
                    next(turn),
                    named,
                    mode=mode,
                    path=path,
                    host_header=field,
                    binding=False,
                    closing=True,
                )
            for first, second in ((permitted, ordinary), (ordinary, permitted)):
                yield plan.connection(
                    FAMILY.id,
                    next(turn),
                    first,
                    mode=mode,
                    path=path,
                    headers=[("Host", second)],
                    binding=False,
                    closing=True,
                )


def _pairs(permitted: str, ordinary: str, mode: str) -> Iterator[tuple[str, str]]:
    """The host of the request line, or of the connection, with a Host field that disagrees."""
    for named, other in ((permitted, ordinary), (ordinary, permitted)):
        yield named, other
        yield named, other.upper() + "."
    hosts = (permitted, ordinary) if mode == EXPLICIT else (ordinary,)
    for field in _host_fields(permitted, ordinary):
        yield from ((named, field) for named in hosts)


FAMILY = Family(
    "confusion",
    "Handsets send requests that name two hosts at once, one permitted and one not.",
    2,
    generate,
)
