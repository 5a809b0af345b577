"""A handset that gives itself out for another's address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Plan
from headgate.request import Connection

NAMES = (
    "X-Forwarded-For",
    "X-Real-IP",
    "Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Originating-IP",
    "X-Remote-Addr",
    "X-Nokia-ipaddress",
)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    others = cycle(plan.population.agreed)
    for name in (*NAMES, "Forwarded"):
        for site in (*plan.sites, None):
            for mode in plan.modes:
                handset, other = next(turn), next(others)
                if other == handset:
                    other = next(others)
                value = f"for={other}" if name == "Forwarded" else other
                yield plan.connection(
                    FAMILY.id,
                    handset,
                    plan.host_of(site) if site else plan.ordinary_hosts(1)[0],
                    mode=mode,
                    path=plan.path_in(site),
                    port=plan.port_of(site, mode),
                    headers=[(name, value)],
                )


FAMILY = Family(
    "impostor",
    "Handsets claim another handset's address in the headers that proxies use for it.",
    1,
    generate,
)
