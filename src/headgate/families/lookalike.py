"""Hosts that a careless pattern takes for a permitted one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.internet import literal
from headgate.plan import Plan
from headgate.request import Connection


_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # the last label of an address, or of nothing at all


def lookalikes(host: str) -> Iterator[str]:
    """Hosts that resemble `host`, each by one slip that a pattern can make."""
    return filter(_is_host, _variants(host))


def _is_host(name: str) -> bool:
    """Of what is no host a gateway's resolver may rightly say that it has failed."""
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return literal(name) is not None
    return len(name) <= 253 and all(map(_LABEL.fullmatch, labels))


def _variants(host: str) -> Iterator[str]:
    first, _, rest = host.partition(".")
    bare, _, top = host.rpartition(".")
    yield f"{host}.evil.test"  # the end is not anchored
    yield f"evil{host}"  # the beginning is not anchored
    yield f"evil-{host}"
    yield host.replace(".", "x", 1)  # the dot is a wildcard
    yield f"www.{host}"
    yield f"a.b.{host}"
    yield rest  # the parent
    yield f"{bare}.com"  # another top-level domain
    yield f"{bare}.{top}s"
    yield f"{first}-{rest}"
    yield f"xn--{first}-9ua.{rest}"
    yield f"{first}.evil.{rest}"
    yield f"{host}-offers.test"
    yield f"{first[:-1]}.{rest}"


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        host = plan.host_of(site)
        suffix = site.host.removeprefix("*.")
        names = dict.fromkeys([*lookalikes(host), *lookalikes(suffix), suffix])
        path = plan.path_in(site)
        for name in names:
            if plan.policy.site_for(name):
                continue
            for mode in plan.modes:
                yield plan.connection(FAMILY.id, next(turn), name, mode=mode, path=path)


FAMILY = Family(
    "lookalike",
    "Handsets visit hosts whose names resemble a permitted one's: longer, shorter, beside it.",
    2,
    generate,
)
