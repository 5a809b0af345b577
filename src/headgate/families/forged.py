"""Numbers that a handset makes up, under every header name known from the field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Headers, Plan, lines
from headgate.request import Connection


def _spellings(name: str, number: str) -> Iterator[Headers]:
    """The policy's header, as a handset may write it."""
    yield [(name, number)]
    yield [(name.upper(), number)]
    yield [(name.title(), number)]
    yield [(name.replace("-", "_"), number)]
    yield [(name, number), (name, number)]
    yield [(name, ""), (name, number)]
    yield [(name, f"+{number}")]
    yield [(name, f"{number}, {number}")]
    yield [(name, number), ("Connection", name)]
    yield [(f"{name} ", number)]
    yield [(name, f"\t {number} \t")]


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    strangers = cycle(plan.population.strangers)
    for headers, number in _headers(plan, (who.msisdn for who in strangers)):
        for mode in plan.modes:
            for host, path in _places(plan):
                yield plan.connection(
                    FAMILY.id,
                    next(turn),
                    host,
                    mode=mode,
                    path=path,
                    headers=headers,
                    forged=[number],
                    binding=all(name.strip() == name for name, _ in headers),
                )


def _headers(plan: Plan, numbers: Iterator[str]) -> Iterator[tuple[Headers, str]]:
    for name in (plan.policy.header, *plan.policy.strip):
        number = next(numbers)
        yield from ((headers, number) for headers in _spellings(name, number))
    for name in lines("identity_headers.txt"):
        number = next(numbers)
        yield [(name, number)], number


def _places(plan: Plan) -> Iterator[tuple[str, str]]:
    yield plan.ordinary_hosts(1)[0], plan.path_in(None)
    if plan.sites:
        site = plan.rng.choice(plan.sites)
        yield plan.host_of(site), plan.path_in(site)


FAMILY = Family(
    "forged",
    "Handsets send numbers that they made up, under every name that such a header has had.",
    3,
    generate,
)
