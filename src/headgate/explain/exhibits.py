"""What is to be explained: findings, each with a connection on which it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from headgate.disclosure import COMPARISON, RULES, Disclosure
from headgate.explain.ways import PLAIN, Way, name_of, name_of_guest
from headgate.gate.gate import Gate
from headgate.request import Connection
from headgate.verdict import Finding
from headgate.zones import hour_in

# So many findings are shown again at once; more of one kind at one place hardly differ in cause.
MOST = 24
_OF_EACH = 3


@dataclass(frozen=True)
class Symptom:
    """What findings at different sites have in common."""

    kind: str
    where: str
    form: str


@dataclass(frozen=True)
class Exhibit:
    """A finding, the connection that showed it, and the way to ask for it again. Where that is not
    `usual`, the gateway could not know who held the address, or it is not known here. `guest` is
    who held it, where that is somebody who came for the config's sake (`ways.guest_called`)."""

    finding: str
    symptom: Symptom
    connection: Connection
    way: Way
    usual: bool
    guest: str = ""

    @property
    def kind(self) -> str:
        return self.symptom.kind

    @property
    def where(self) -> str:
        return self.symptom.where

    @property
    def quick(self) -> bool:
        """Whether nobody takes his time: neither the handset nor the site."""
        answers = [one.answer for one in self.connection.requests if one.answer]
        manner = self.connection.manner
        waits = manner.lingers or manner.pieces > 1 or not manner.awaits
        return not waits and not any(one.delay or one.pieces > 1 for one in answers)

    @property
    def simplicity(self) -> tuple[bool, bool, int, int, int]:
        """What simple ones come first by."""
        requests = self.connection.requests
        size = sum(len(one.raw) for one in requests)
        unusual = self.way != PLAIN or not self.usual
        return not self.quick, unusual, len(requests), [*RULES].index(self.kind), size


def symptom_of(finding: Finding) -> Symptom:
    return Symptom(finding.kind, finding.where, finding.form)


def exhibits(gate: Gate, findings: Sequence[Finding]) -> list[Exhibit]:
    """The simplest ones of each symptom and family, the simplest first."""
    ids = {(one.kind, one.site, one.form, one.where): one.id for one in findings}
    found: dict[tuple[Symptom, str], list[Exhibit]] = {}
    for one in gate.record.disclosures:
        finding = ids.get((one.kind, one.site, one.form, one.where))
        exhibit = _exhibit(gate, one, finding) if finding else None
        if exhibit:
            family = one.request.partition("/")[0]
            found.setdefault((exhibit.symptom, family), []).append(exhibit)
    chosen = [one for group in found.values() for one in _simplest(group)[:_OF_EACH]]
    return _simplest(chosen)[:MOST]


def _simplest(some: Iterable[Exhibit]) -> list[Exhibit]:
    return sorted(some, key=lambda one: one.simplicity)


def _exhibit(gate: Gate, one: Disclosure, finding: str) -> Exhibit | None:
    token = one.request.partition("/")[2]
    connection = gate.trial.sent_with(token)
    if connection is None:
        return None
    holder, known = gate.trial.held(token)
    compared = one.witness == COMPARISON
    hour = hour_in(gate.trial.zone(token))
    handset = connection.handset
    guest = gate.guests.get(handset)
    there = gate.population.joined_by({handset: guest} if guest else {})
    then = "" if compared else name_of(there, handset, holder)
    return Exhibit(
        finding,
        Symptom(one.kind, one.where, one.form),
        connection,
        Way(then or "", compared, hour) if known else replace(PLAIN, hour=hour),
        usual=known and then is not None,
        guest=name_of_guest(gate.aims, guest) if guest else "",
    )
