"""Hosts that a careless pattern takes for a permitted one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.families.permitted import WRITTEN
from headgate.internet import literal
from headgate.plan import Plan
from headgate.policy import Site
from headgate.request import Connection, Manner

_MANNER = Manner(patience=1.0)
# Signs that the eye takes for others.
_TWINS = str.maketrans("iloes", "1i0ez")
# What people put before a name that is taken.
_WORDS = ("my", "the", "go", "get", "new", "best", "free", "shop", "news", "live", "web", "online")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # the last label of an address, or of nothing at all


def lookalikes(host: str, word: str, other: str) -> Iterator[str]:
    """Hosts that resemble `host`, each by one slip that a pattern can make; `word` and the host
    `other` are what they have more than it."""
    return filter(_is_host, _variants(host, word, other))


def _is_host(name: str) -> bool:
    """Of what is no host a gateway's resolver may rightly say that it has failed."""
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return literal(name) is not None
    return len(name) <= 253 and all(map(_LABEL.fullmatch, labels))


def _variants(host: str, word: str, other: str) -> Iterator[str]:
    first, _, rest = host.partition(".")
    bare, _, top = host.rpartition(".")
    yield f"{host}.{other}"  # the end is not anchored
    yield f"{word}{host}"  # the beginning is not anchored
    yield f"{word}-{host}"
    yield host.replace(".", "x", 1)  # the dot is a wildcard
    yield f"www.{host}"
    yield f"a.b.{host}"
    yield rest  # the parent
    yield f"{bare}.com"  # another top-level domain
    yield f"{bare}.{top}s"
    yield f"{first}-{rest}"
    yield f"xn--{first}-9ua.{rest}"
    yield f"xn--{host.translate(_TWINS).replace('.', '-')}.{top}"
    yield host.translate(_TWINS)
    yield f"{first}.{word}.{rest}"
    yield f"{host}-{other}"
    yield f"{first[:-1]}.{rest}"


def _addresses(address: str) -> Iterator[str]:
    """An IPv4 address as some programs read it, and what is not one at all (RFC 3986, 7.4)."""
    parts = [int(part) for part in address.split(".")]
    number = int.from_bytes(bytes(parts), "big")
    yield str(number)
    yield f"{number:#x}"
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:#x}" for part in parts)
    yield f"{address}."
    yield f"[::ffff:{address}]"
    yield "[2001:db8::1]"
    yield f"[2001:db8::{number:x}]:80"


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        path = plan.path_in(site)
        for name in _names(plan, site):
            written = plan.rng.choice(WRITTEN)(name)
            for mode in plan.modes:
                yield plan.connection(FAMILY.id, next(turn), written, mode=mode, path=path)
        for mode in plan.modes:
            yield from _literals(plan, turn, site, mode)


def _names(plan: Plan, site: Site) -> list[str]:
    host = plan.host_of(site)
    suffix = site.host.removeprefix("*.")
    word, other = plan.rng.choice(_WORDS), plan.ordinary_hosts(1)[0]
    alike = (name for one in (host, suffix) for name in lookalikes(one, word, other))
    names = dict.fromkeys([*alike, suffix])
    return [name for name in names if not plan.policy.site_for(name)]


def _literals(plan: Plan, turn: Iterator[str], site: Site, mode: str) -> Iterator[Connection]:
    """Addresses instead of names, and a permitted name as the user's: none of these binds."""
    permitted, ordinary = plan.host_of(site), plan.ordinary_hosts(1)[0]
    named = [f"{permitted}@{ordinary}", f"{permitted}:80@{ordinary}", f"{ordinary}@{permitted}"]
    for host in (*_addresses(plan.ordinary_address()), *named):
        request = plan.request(
            FAMILY.id, next(turn), host, mode=mode, path=plan.path_in(site), binding=False
        )
        # Where a handset connects to, it has read the host aright: the other name is its user's.
        yield plan.connected((request,), host.rpartition("@")[2], manner=_MANNER)


FAMILY = Family(
    "lookalike",
    "Handsets visit hosts whose names resemble a permitted one's: longer, shorter, beside it.",
    2,
    generate,
)
