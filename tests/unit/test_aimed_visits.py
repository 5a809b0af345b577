"""By whom, how large and at which hours a config's own questions are put."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from tests.unit.fakes import ADA, HANDSET, SITES, plan_of, policy_of, population_of

from headgate.disclosure import LEAK, Disclosure
from headgate.families import families
from headgate.gate.aimed import visit_aimed, visit_at_each_hour
from headgate.gate.gate import Gate
from headgate.gate.visit import Visit
from headgate.numbers import Subscriber
from headgate.plan import Plan
from headgate.population import Population
from headgate.reading.aim import Aim
from headgate.reading.span import Span
from headgate.request import Connection
from headgate.zones import ZONES

AT = Span("nginx.conf", 0, 9, 1, 1)
FOUND = Disclosure(LEAK, "shop.example", "", ADA, "digits", "header x", "aimed/1", "")


@dataclass
class Started:
    """A gate that notes what is done with it; it finds a fault in the zone `faulty`."""

    aims: Sequence[Aim] = ()
    faulty: str = "-"
    population: Population = field(default_factory=population_of)
    visited: list[tuple[str, str]] = field(default_factory=list)
    guests: Mapping[str, Subscriber] = field(default_factory=dict)
    zone: str = ""
    zones: list[str] = field(default_factory=list)

    @property
    def as_gate(self) -> Gate:
        return cast("Gate", self)

    def plan(self) -> Plan:
        return replace(plan_of(policy_of(*SITES)), aims=self.aims)

    def visit(self, family: str, by: Sequence[str]) -> Visit:
        self.visited += [(family, one) for one in by]
        return Visit([], [])

    def send(self, connections: Iterable[Connection]) -> Visit:
        assert list(connections)
        return Visit([], [FOUND] if self.zone == self.faulty else [])

    def start_anew(self, zone: str = "") -> None:
        self.zone = zone
        self.zones.append(zone)

    @contextlib.contextmanager
    def joined_by(self, guests: Mapping[str, Subscriber]) -> Iterator[None]:
        self.guests = guests
        yield


def test_the_zones_have_each_hour_of_the_day_once() -> None:
    """In POSIX's words, where what is east of Greenwich is negative (tzset(3))."""
    written = [re.fullmatch(r"<([+-]\d\d)>(-?\d+)", zone) for zone in ZONES]
    offsets = [int(match[1]) for match in written if match]
    assert [-int(match[2]) for match in written if match] == offsets
    assert sorted(offset % 24 for offset in offsets) == list(range(24))


def test_a_config_that_asks_for_no_time_is_not_started_anew() -> None:
    gate = Started([Aim(AT, method="PURGE")])
    visit_at_each_hour(gate.as_gate, [HANDSET])
    assert gate.zones == []
    assert gate.visited == [("ordinary", HANDSET)]


def test_a_config_that_asks_for_the_time_is_visited_at_each_hour_and_left_as_it_was() -> None:
    gate = Started([Aim(AT, method="PURGE"), Aim(AT, clock=True)])
    visit_at_each_hour(gate.as_gate, [HANDSET])
    assert gate.zones == [*ZONES, ""]


def test_after_a_fault_no_further_hour_is_waited_for() -> None:
    gate = Started([Aim(AT, clock=True)], faulty=ZONES[3])
    assert visit_at_each_hour(gate.as_gate, [HANDSET]).disclosures == [FOUND]
    assert gate.zones == [*ZONES[:4], ""]


def test_guests_come_for_what_is_asked_for_and_visit_with_the_others() -> None:
    gate = Started([Aim(AT, prefix="44770090037")])
    visit_aimed(gate.as_gate, [HANDSET])
    assert any(one.msisdn.startswith("44770090037") for one in gate.guests.values())
    aimed = [handset for family, handset in gate.visited if family == "aimed"]
    assert aimed == [HANDSET, *gate.guests]


def test_nobody_comes_to_a_config_that_asks_for_nobody() -> None:
    gate = Started([Aim(AT, method="PURGE")])
    visit_aimed(gate.as_gate, [HANDSET])
    assert gate.guests == {}


def sent(aim: Aim) -> list[bytes]:
    plan = replace(plan_of(policy_of(*SITES)), aims=[aim])
    found = families()["aimed"].generate(plan, list(plan.population.agreed))
    return [request.raw for connection in found for request in connection.requests]


def test_line_and_header_have_together_the_size_that_is_asked_for() -> None:
    for size in (1500, 14_000, 20_001):
        heads = [
            raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" for raw in sent(Aim(AT, whole_size=size))
        ]
        assert {len(head) for head in heads} <= set(range(size - 20, size + 1))
        assert max(len(line) for head in heads for line in head.split(b"\r\n")) < 1500


def test_a_form_has_the_fields_that_are_asked_for() -> None:
    for raw in sent(Aim(AT, fields=(("desk", "cc7"), ("a", "b")))):
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"POST ")
        assert b"\r\nContent-Type: application/x-www-form-urlencoded" in head
        assert body == b"desk=cc7&a=b"


def test_a_strangers_number_becomes_a_guests_where_the_config_asks_for_no_other() -> None:
    gate = Started()
    stranger = gate.population.strangers[0].msisdn
    gate.aims = [Aim(AT, prefix=stranger)]
    visit_aimed(gate.as_gate, [HANDSET])
    assert stranger in {one.msisdn for one in gate.guests.values()}


def test_no_handset_makes_up_the_number_of_a_guest() -> None:
    """What it had written itself would be found as the guest's."""
    gate = Started()
    wanted = [one.msisdn for one in gate.population.strangers[:-1]]
    gate.aims = [Aim(AT, prefix=number) for number in wanted]
    visit_aimed(gate.as_gate, [HANDSET])
    there = {one.msisdn for one in gate.guests.values()}
    plan = gate.plan()
    for family in ("forged", "smuggled"):
        sent = families()[family].generate(plan, list(plan.population.agreed))
        forged = {value.decode() for one in sent for r in one.requests for value in r.forged}
        assert forged
        assert not there & forged
