"""Ports that a gateway listens on without saying so in its `gateway.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.plan import Plan
from headgate.request import EXPLICIT, TRANSPARENT, Connection

HOSTS = 8


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    """Both forms of request, since nobody has said what the port is for; so none of them binds."""
    turn = cycle(visitors)
    for port in plan.side_doors:
        for host in plan.ordinary_hosts(HOSTS):
            for form in (EXPLICIT, TRANSPARENT):
                request = plan.request(FAMILY.id, next(turn), host, mode=form, binding=False)
                yield Connection((request,), GATEWAY_ACCESS, port)


FAMILY = Family(
    "sidedoor",
    "Handsets come in by ports that the gateway listens on without having declared them.",
    2,
    generate,
)
