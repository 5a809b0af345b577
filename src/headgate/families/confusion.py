"""Requests that name two hosts (RFC 9112, 3.2; "Host of Troubles", CCS 2016), or none.

Whichever the gateway takes, it must decide and forward by the same. None of these binds a
permitted site to get the number: a gateway may refuse them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from headgate.families import Family
from headgate.plan import Arrange, Headers, Plan
from headgate.policy import Site
from headgate.request import EXPLICIT, TRANSPARENT, Connection, Manner

DELIMITERS = ("?", "#", "/", "\\", "@", "%00", "%2f", ":", ";", "&", ",", " ", "\t", "\x00", "..")
SCHEMES = ("https", "ftp", "HTTP", "ws", "gopher", "")

_MANNER = Manner(patience=1.0)


def _host_fields(one: str, other: str) -> Iterator[str]:
    """Values of a Host field in which two names stand, and in which none does."""
    yield from (f"{one}{delimiter}{other}" for delimiter in DELIMITERS)
    yield from (f"{other}{delimiter}{one}" for delimiter in DELIMITERS)
    yield f"{one}\r\n {other}"  # an obsolete fold (RFC 9112, 5.2)
    yield f"{one}\r\n\t{other}"
    yield ""
    yield " "
    yield "."


def _host_lines(one: str, other: str) -> Iterator[Headers]:
    """Lines in the place of the one Host line: two of them, one that is none, and none."""
    yield [("Host", one), ("Host", other)]
    yield [("Host", one), ("HOST", other)]
    yield [("host", one), ("Host", other)]
    yield [(" Host", one), ("Host", other)]
    yield [("Host", one), (" Host", other)]
    yield [("Host", one), ("\tHost", other)]
    yield [("Host ", one), ("Host", other)]
    yield [("Host", one), ("Host ", other)]
    yield [("Host", f"   {one}"), ("Host", f"{other} \t ")]
    yield [("Host", one), ("X-Note", f"a\r\n Host: {other}")]
    yield [("X-Note", f"a\nHost: {other}"), ("Host", one)]
    yield [("X-Note", f"a\rHost: {other}"), ("Host", one)]
    yield [("Host", one), ("X-Host", other), ("X-Forwarded-Host", other), ("X-HTTP-Host", other)]


def _instead_of_host(lines: Headers) -> Arrange:
    return lambda fields: [*lines, *(one for one in fields if one[0] != "Host")]


def _cases(mode: str, named: str, other: str) -> Iterator[dict[str, Any]]:
    """Requests that name `named` in their line, or by the address that they are sent to, and
    `other` elsewhere; each as the arguments of a request."""
    yield {"host_header": other}
    yield {"host_header": other.upper() + "."}
    yield from ({"arrange": _instead_of_host(lines)} for lines in _host_lines(named, other))
    yield {"arrange": _instead_of_host([])}
    yield {"arrange": _instead_of_host([]), "version": "1.0"}
    yield from ({"scheme": scheme, "form": EXPLICIT} for scheme in SCHEMES)
    # In the form that this way in does not expect.
    form = TRANSPARENT if mode == EXPLICIT else EXPLICIT
    yield {"form": form}
    yield {"form": form, "host_header": other}
    if mode == EXPLICIT:
        for delimiter in DELIMITERS:
            yield {"at": f"{named}{delimiter}{other}"}
            yield {"at": f"{named}{delimiter}{other}", "host_header": other}
    else:
        yield {"at": other, "form": EXPLICIT, "host_header": named}
        yield {"at": other, "form": EXPLICIT}


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for mode in plan.modes if plan.sites else ():
        for field in _host_fields("{permitted}", "{ordinary}"):
            for site in _one_of_each_kind(plan):
                yield from _with_field(plan, turn, mode, field, site)
        for index, _ in enumerate(_cases(mode, "a", "b")):
            for permitted_first in (True, False):
                yield _named_twice(plan, next(turn), mode, index, permitted_first)


def _one_of_each_kind(plan: Plan) -> Iterator[Site]:
    """A site with a name of its own and one that is any name below another: what looks at a name's
    end alone takes only the second for listed."""
    for below in (False, True):
        if alike := [site for site in plan.sites if site.host.startswith("*.") == below]:
            yield plan.rng.choice(alike)


def _with_field(
    plan: Plan, turn: Iterator[str], mode: str, field: str, site: Site
) -> Iterator[Connection]:
    permitted, ordinary, path = _hosts(plan, site)
    value = field.format(permitted=permitted, ordinary=ordinary)
    for named in (permitted, ordinary) if mode == EXPLICIT else (ordinary,):
        yield _confused(plan, next(turn), named, mode, path, {"host_header": value})


def _named_twice(
    plan: Plan, handset: str, mode: str, index: int, permitted_first: bool
) -> Connection:
    permitted, ordinary, path = _hosts(plan, plan.rng.choice(plan.sites))
    hosts = (permitted, ordinary) if permitted_first else (ordinary, permitted)
    case = list(_cases(mode, *hosts))[index]
    return _confused(plan, handset, hosts[0], mode, path, case)


def _confused(
    plan: Plan, handset: str, named: str, mode: str, path: str, case: dict[str, Any]
) -> Connection:
    """A request as the case says; `at` is what its line has for a host, where that is no name."""
    case = {"at": named, **case}
    at = case.pop("at")
    request = plan.request(
        FAMILY.id, handset, at, mode=mode, path=path, binding=False, closing=True, **case
    )
    return plan.connected((request,), named, manner=_MANNER)


def _hosts(plan: Plan, site: Site) -> tuple[str, str, str]:
    """A permitted host, an ordinary one, and a path at which the permitted one may be told."""
    return plan.host_of(site), plan.ordinary_hosts(1)[0], plan.path_in(site)


FAMILY = Family(
    "confusion",
    "Handsets send requests that name two hosts at once, one permitted and one not.",
    2,
    generate,
)
