"""Visits to sites that the policy does not name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate import tokens
from headgate.families import Family
from headgate.families.permitted import METHODS, WITH_BODY
from headgate.plan import Plan
from headgate.request import Connection

HOSTS = 60


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    hosts = plan.ordinary_hosts(HOSTS)
    methods = cycle(("GET", "GET", "GET", *METHODS))
    for host in (*hosts, plan.ordinary_address()):
        for mode in plan.modes:
            method = next(methods)
            body = tokens.form if method in WITH_BODY else b""
            yield plan.connection(FAMILY.id, next(turn), host, mode=mode, method=method, body=body)


FAMILY = Family(
    "ordinary", "Handsets visit well-known sites that the policy does not name.", 2, generate
)
