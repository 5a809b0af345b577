"""A handset that gives itself out for another's address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from headgate.families import Family
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.plan import Plan
from headgate.request import Connection, Manner

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
    "X-Remote-IP",
    "X-ProxyUser-Ip",
    "X-Subscriber-IP",
    "X-WAP-Client-IP",
    "X-Nokia-ipaddress",
    "Forwarded-For",
)


def _claims(other: str) -> Iterator[dict[str, Any]]:
    """Ways to claim an address, as the arguments of a request."""
    for name in NAMES:
        yield {"headers": [(name, other)]}
    yield {"headers": [("Forwarded", f"for={other}")]}
    yield {"headers": [("Forwarded", f'for="{other}:4711";proto=http;by={GATEWAY_ACCESS}')]}
    yield {"headers": [("X-Forwarded-For", f"{other}, 127.0.0.1")]}
    yield {"headers": [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", other)]}
    yield {"headers": [("X-Real-IP", other), ("Connection", "X-Real-IP")]}
    for preamble in (_line(other), _binary(other)):
        # It comes before the request, to which it makes a bad beginning where nobody expects it.
        yield {"manner": Manner(preamble=preamble, patience=1.0), "binding": False}


def _line(other: str) -> bytes:
    """The PROXY protocol's first version: what a load balancer says before all else."""
    return f"PROXY TCP4 {other} {GATEWAY_ACCESS} 4711 80\r\n".encode()


def _binary(other: str) -> bytes:
    """Its second version: TCP over IPv4, with both ends in twelve bytes."""
    ends = ipaddress.IPv4Address(other).packed + ipaddress.IPv4Address(GATEWAY_ACCESS).packed
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + ends + (4711).to_bytes(2) + (80).to_bytes(2)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    others = cycle(plan.population.agreed)
    for index, _ in enumerate(_claims("0.0.0.0")):
        for place in plan.places(3, 1):
            handset, other = next(turn), next(others)
            if other == handset:
                other = next(others)
            claim = list(_claims(other))[index]
            yield plan.visit(FAMILY.id, handset, place, **claim)


FAMILY = Family(
    "impostor",
    "Handsets claim another handset's address in the headers that proxies use for it.",
    1,
    generate,
)
