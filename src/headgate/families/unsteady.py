"""Connections on which the handset hangs up early, falls silent or speaks haltingly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any

from headgate import tokens
from headgate.families import Family
from headgate.plan import Plan
from headgate.request import Connection, Manner

# What is sent haltingly is whole in the end, and binds. Who has hung up is owed nothing more.
_HALTING = (Manner(pieces=2), Manner(pieces=3), Manner(pieces=7))
_LEAVING = (
    Manner(awaits=False),
    Manner(awaits=False, lingers=0.003),
    Manner(awaits=False, lingers=0.02),
    Manner(half_closes=True, patience=1.0),
    Manner(half_closes=True, pieces=3, patience=1.0),
    Manner(preamble=b"\r\n\r\n", patience=1.0),
)


def _kinds() -> Iterator[dict[str, Any]]:
    for manner in _HALTING:
        yield {"manner": manner}
        yield {"manner": manner, "method": "POST", "body": partial(tokens.form, least=2000)}
    yield from ({"manner": manner, "binding": False} for manner in _LEAVING)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for kind in _kinds():
        for place in plan.places():
            yield plan.visit(FAMILY.id, next(turn), place, **kind)


FAMILY = Family(
    "unsteady",
    "Handsets send a request bit by bit, close one side of the connection, or hang up early.",
    2,
    generate,
)
