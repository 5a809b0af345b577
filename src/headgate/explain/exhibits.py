"""What is to be explained: findings, each with a connection on which it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headgate.gate.gate import Gate
from headgate.judge import RULES, Disclosure
from headgate.request import Connection
from headgate.verdict import Finding

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
    """A finding, and the connection that showed it. `usual` says that the handset's address was
    then held by whoever holds it when a run begins, and that the gateway could know it."""

    finding: str
    symptom: Symptom
    connection: Connection
    usual: bool

    @property
    def kind(self) -> str:
        return self.symptom.kind

    @property
    def where(self) -> str:
        return self.symptom.where

    @property
    def _simplicity(self) -> tuple[bool, int, int, int]:
        requests = self.connection.requests
        size = sum(len(one.raw) for one in requests)
        return not self.usual, len(requests), [*RULES].index(self.kind), size


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
    return sorted(some, key=lambda one: one._simplicity)


def _exhibit(gate: Gate, one: Disclosure, finding: str) -> Exhibit | None:
    token = one.request.partition("/")[2]
    connection = gate.trial.sent_with(token)
    if connection is None:
        return None
    holder, known = gate.trial.held(token)
    usual = known and holder == gate.population.sessions.get(connection.handset)
    return Exhibit(finding, Symptom(one.kind, one.where, one.form), connection, usual)
