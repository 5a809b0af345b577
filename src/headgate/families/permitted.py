"""The requests that a permitted site must get the number with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle

from headgate import tokens
from headgate.families import Family
from headgate.plan import Plan
from headgate.request import Connection

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
WITH_BODY = {"POST", "PUT", "PATCH"}
VISITS = 10


# What means the same to whoever reads a host as it should be read (RFC 3986, 3.2.2 and 3.2.3).
WRITTEN: tuple[Callable[[str], str], ...] = (
    str,
    str,
    str.upper,
    str.title,
    lambda name: f"{name}.",
    lambda name: f"{name}:80",
    lambda name: f"{name.upper()}.:80",
)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        for mode in plan.modes:
            for method, written in zip((*METHODS, *["GET"] * VISITS), cycle(WRITTEN)):
                host, path, port, _ = plan.place_of(site, mode)
                yield plan.connection(
                    FAMILY.id,
                    next(turn),
                    written(host) if port == 80 else host,
                    mode=mode,
                    path=path,
                    port=port,
                    method=method,
                    body=tokens.form if method in WITH_BODY else b"",
                    version="1.0" if method == "GET" and plan.rng.random() < 0.1 else "1.1",
                )


FAMILY = Family(
    "permitted",
    "Handsets visit every kind of site that the policy names, with every ordinary method.",
    1,
    generate,
)
