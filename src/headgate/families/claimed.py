"""A handset that says itself that its subscriber has agreed, or who its subscriber is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Headers, Plan
from headgate.request import Connection

_CLAIMS: tuple[Headers, ...] = (
    [("X-Consent", "yes")],
    [("Consent", "yes")],
    [("X-Subscriber-Consent", "1")],
    [("X-User-Consent", "true")],
    [("X-Opt-In", "yes")],
    [("X-Opt-Out", "no")],
    [("DNT", "0")],
    [("Sec-GPC", "0")],
    [("P3P", 'CP="CURa ADMa DEVa"')],
    [("X-Privacy", "allow")],
    [("X-Enrich", "yes"), ("X-Debug", "1")],
    [("X-Category", "premium"), ("X-Site", "premium")],
    [("X-Authenticated", "yes"), ("X-Permitted", "1")],
    [("Cookie", "consent=yes; optin=1; agreed=true")],
)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for headers in _CLAIMS:
        for place in plan.places(2, 2):
            yield plan.visit(FAMILY.id, next(turn), place, headers=headers)


FAMILY = Family(
    "claimed",
    "Handsets claim, in headers and cookies, that their subscribers have agreed.",
    1,
    generate,
)
