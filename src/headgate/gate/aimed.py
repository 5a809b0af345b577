"""Visits that a config's own text asks for: by whom, and at which hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headgate.families import families
from headgate.gate.gate import Gate
from headgate.gate.visit import Visit, together
from headgate.reading.fitting import agreeing, guests
from headgate.zones import ZONES


def visit_aimed(gate: Gate, by: Sequence[str]) -> Visit:
    """What the config asks about is sent by these handsets and by those whom it asks about. A
    config that asks about nothing is visited as ever."""
    people = gate.population
    # Of the numbers that a config asks for there may be but one: a stranger's, or that of somebody
    # who is not attached, or who has not agreed.
    spare = {one.msisdn: one for one in people.spare}
    plan = gate.plan()
    new = guests(gate.aims, people.sessions, [*people.nobody, *plan.made_up], plan.rng)
    more = {address: spare.get(one.msisdn, one) for address, one in new.items()}
    more |= agreeing(gate.aims, people.refused)
    with gate.joined_by(more):
        aimed = [gate.visit("aimed", by=[*by, *more])] if gate.aims else []
        return together([*aimed, gate.visit("ordinary", by=by)])


def visit_at_each_hour(gate: Gate, by: Sequence[str]) -> Visit:
    """Where the config asks for the local time, the gateway is started anew in zone after zone,
    until it has shown a fault or has been visited at each hour."""
    plan = gate.plan()
    plan = replace(plan, aims=[aim for aim in plan.aims if aim.clock])
    visits = [gate.visit("ordinary", by=by)]
    zones = ZONES if plan.aims else ()
    try:
        for zone in zones:
            if not visits[-1].disclosures:
                gate.start_anew(zone)
                visits.append(gate.send(families()["aimed"].generate(plan, by)))
    finally:
        if zones:
            gate.start_anew()
    return together(visits)
