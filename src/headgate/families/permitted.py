"""The requests that a permitted site must get the number with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Plan
from headgate.request import Connection

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
WITH_BODY = {"POST", "PUT", "PATCH"}
VISITS = 10


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        for mode in plan.modes:
            for method in (*METHODS, *["GET"] * VISITS):
                yield plan.connection(
                    FAMILY.id,
                    next(turn),
                    plan.host_of(site),
                    mode=mode,
                    path=plan.path_in(site),
                    port=plan.port_of(site, mode),
                    method=method,
                    body=b"q=summer&page=2" if method in WITH_BODY else b"",
                    version="1.0" if method == "GET" and plan.rng.random() < 0.1 else "1.1",
                )


FAMILY = Family(
    "permitted",
    "Handsets visit every kind of site that the policy names, with every ordinary method.",
    1,
    generate,
)
