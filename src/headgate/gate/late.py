"""Visits while the feed of sessions tells the truth, but late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headgate.families import families
from headgate.feeds import LATE
from headgate.gate.gate import Gate, Visit
from headgate.request import Connection, Manner

# So many at the same time that each is under way while others are answered.
MOST = 60
_MANNER = Manner(patience=2.0)


def visit_answered_late(gate: Gate, by: Sequence[str]) -> Visit:
    """Permitted and ordinary sites are visited by many at a time. What a gateway does not wait for
    it cannot know, so that a number may go out or not; none may be another's."""
    plan = gate.plan()
    both = families()["permitted"], families()["ordinary"]
    drawn = [one for family in both for one in family.generate(plan, by)]
    some = plan.rng.sample(drawn, min(MOST, len(drawn)))
    with gate.disturbed(LATE):
        return gate.send(map(_unowed, some))


def _unowed(connection: Connection) -> Connection:
    requests = tuple(replace(one, binding=False) for one in connection.requests)
    return replace(connection, requests=requests, manner=_MANNER)
