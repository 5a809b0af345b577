"""What a run of the features has shown, and the verdict that it allows.

pytest's word that all is green is not enough: a scenario without steps passes, a run in which
everything was skipped exits with 0. What is counted here is what was truly carried out.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from headgate.candidate import Candidate
from headgate.coverage.coverage import NOT_MEASURED, Coverage
from headgate.disclosure import MISSING, Disclosure
from headgate.errors import NotJudged
from headgate.gate.collect import example_of, filled, is_scenario
from headgate.gate.evidence import evidence, now
from headgate.gate.gate import Gate
from headgate.gate.portion import Portion
from headgate.gate.scenarios import Scenarios, ending
from headgate.gate.session import Session
from headgate.gate.visit import Record
from headgate.numbers import mask_numbers
from headgate.record import BROKEN, FAILED, PASSED
from headgate.verdict import (
    APPROVED,
    NOT_JUDGED,
    REJECTED,
    Finding,
    Verdict,
    findings_from,
)

if TYPE_CHECKING:
    from headgate.gate.keeping import Kept
    from headgate.gate.sharing import Share


@dataclass
class Told:
    """A scenario, and how it ended: failed by its own assertion, or broken by anything else."""

    title: str
    tags: frozenset[str]
    ended: str = BROKEN
    problem: str = "it did not run to its end"
    words: str = ""
    gave_up: bool = False  # the gateway is to blame, not the harness


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Recorder:
    """Collects what scenarios did; a pytest plugin of its own. With `strict` nothing is approved of
    which a branch was never entered."""

    candidate: Candidate | None = None
    session: Session | None = None
    gate: Gate | None = None
    coverage: Coverage | None = None
    strict: bool = False
    unseen: set[str] | None = None
    portion: Portion | None = None
    portions: list[Portion] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    started: float = 0.0
    interrupted: bool = False
    began: str = field(default_factory=now)
    followed: Scenarios = field(default_factory=Scenarios)
    scenarios: dict[str, Told] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def serves(self, gate: Gate) -> None:
        """The candidate runs; what others have seen of it is put to what this gate sees."""
        self.gate = gate
        for one in self.portions:
            gate.take(one)

    def awake(self, unseen: set[str]) -> None:
        """A control has been run, and has shown that these kinds are not seen."""
        self.unseen = (self.unseen or set()) | unseen

    def hear(self, share: Share) -> None:
        """What another process has done of the run."""
        self.scenarios |= share.scenarios
        self.problems += [one for one in share.problems if one not in self.problems]
        if share.unseen is not None:
            self.awake(share.unseen)
        if share.kept:
            self.kept.append(share.kept)
        if share.portion:
            self.portions.append(share.portion)
            if self.gate:
                self.gate.take(share.portion)

    @property
    def _disclosures(self) -> Sequence[Disclosure]:
        """All that was seen, by whichever gate."""
        if self.gate:
            return self.gate.record.disclosures
        return [one for portion in self.portions for one in portion.record.disclosures]

    # pytest's hooks

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            last = str(report.longrepr).strip().splitlines()[-1]
            self.problems.append(f"{report.nodeid}: {last}")

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        about_it = [one for one in items if is_scenario(one) and not _tells_of_samples(one)]
        if about_it:
            self.problems.append(f"{len(about_it)} scenarios were deselected")

    def pytest_keyboard_interrupt(self) -> None:
        self.interrupted = True

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.problems.append(f"the harness failed: {str(excrepr).strip().splitlines()[-1]}")

    def pytest_bdd_before_scenario(self, request: Any, feature: Any, scenario: Any) -> None:
        if told := self.scenarios.get(request.node.nodeid):
            told.title = filled(scenario.name, example_of(request.node))
        if not scenario.steps:
            self.problems.append(f"the scenario “{scenario.name}” has no steps")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if is_scenario(item):
            tags = frozenset(mark.name for mark in item.iter_markers())
            told = self.scenarios.setdefault(item.nodeid, Told(item.name, tags))
            self._tell(told, report, call)
        return report

    def _tell(self, told: Told, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is None:
            if report.when == "call":
                told.ended, told.problem = PASSED, ""
            return
        error = call.excinfo.value
        told.ended, told.problem = ending(error)
        told.gave_up = isinstance(error, NotJudged)
        told.words = error.words if isinstance(error, NotJudged) else ""

    # The verdict

    def verdict(self) -> Verdict:
        """What the run allows to be said of the candidate, in the contract's terms, and the
        evidence for it."""
        assert self.candidate
        verdict = self._verdict()
        found = evidence(
            verdict,
            candidate=self.candidate,
            features=self.followed.features(),
            session=self.session,
            gate=self.gate,
            unseen=self.unseen,
            began=self.began,
        )
        return replace(verdict, evidence=found)

    def _verdict(self) -> Verdict:
        assert self.candidate
        findings = findings_from(self._disclosures)
        doubts, words = self._doubts()
        verdict, reason = self._decision(findings, doubts)
        record = self.gate.record if self.gate else None
        return Verdict(
            candidate=self.candidate.name,
            digest=self.candidate.digest,
            verdict=verdict,
            reason=mask_numbers(reason),
            findings=findings,
            requests=record.requests if record else 0,
            sites=len(record.sites) if record else 0,
            handsets=len(record.handsets) if record else 0,
            seconds=time.monotonic() - self.started if self.started else 0.0,
            words=mask_numbers(words) if verdict == NOT_JUDGED else "",
            notes=tuple(map(mask_numbers, doubts)) if verdict == REJECTED else (),
            seed=self.session.seed if self.session else "",
            environment=self.session.environment() if self.session else {},
            policy=str(self.session.policy.path) if self.session else "",
            coverage=self.coverage,
        )

    def _decision(self, findings: tuple[Finding, ...], doubts: list[str]) -> tuple[str, str]:
        # A number that was seen stays seen, whatever else went wrong. That a number did *not*
        # arrive proves nothing about a gateway that crashed on the way.
        seen = [one for one in findings if one.kind != MISSING]
        if doubts and not seen:
            return NOT_JUDGED, doubts[0]
        if findings:
            return REJECTED, _summary(findings)
        if failed := [one for one in self.scenarios.values() if one.ended == FAILED]:
            return REJECTED, f"“{failed[0].title}” does not hold: {failed[0].problem}"
        assert self.gate
        if self.strict and (doubt := (self.coverage or NOT_MEASURED).doubt):
            return NOT_JUDGED, doubt
        count = self.gate.record.requests
        return APPROVED, f"every rule held over {count} requests, and every control fired"

    def _doubts(self) -> tuple[list[str], str]:
        """Why no approval is possible, the weightiest first, and the gateway's own words."""
        doubts: list[str] = []
        broken = [one for one in self.scenarios.values() if one.ended == BROKEN]
        unjudged = [one for one in broken if one.gave_up] or broken
        words = unjudged[0].words if unjudged else ""
        if not words and self.gate:
            words = self.gate.record.errors
        doubts += dict.fromkeys(one.problem for one in unjudged)
        doubts += self.problems
        doubts += [
            f"“{one.title}” does not hold: {one.problem}"
            for one in self.scenarios.values()
            if one.ended == FAILED and "installation" in one.tags
        ]
        if not self.scenarios:
            doubts.append("no scenario was carried out")
        elif self.gate is None:
            doubts.append("the candidate was never started")
        else:
            doubts += self._control_doubts(self.gate)
        return doubts, words

    def _control_doubts(self, gate: Gate) -> list[str]:
        record = gate.record
        doubts = []
        if self.unseen is None:
            doubts.append("the negative control was not run")
        elif self.unseen:
            kinds = ", ".join(sorted(self.unseen))
            doubts.append(f"the negative control showed what the harness did not see: {kinds}")
        if not record.arrived:
            doubts.append(f"does not serve: none of {record.requests} requests reached a site")
        elif gate.policy.sites and not (record.disclosed_rightly or _missed(record)):
            doubts.append("the positive control failed: no permitted site got a number")
        if record.unproved:
            first = record.unproved[0]
            became = f"status {first.status}" if first.status else first.error
            doubts.append(
                f"{len(record.unproved)} requests neither arrived nor were refused on purpose "
                f"(the first: {first.request.id} to {first.request.host}, {became})"
            )
        return doubts


def _missed(record: Record) -> bool:
    """Whether the gateway was asked for numbers and gave none, which is a finding by itself."""
    return any(one.kind == MISSING for one in record.disclosures)


def _tells_of_samples(item: pytest.Item) -> bool:
    return item.get_closest_marker("incident") is not None


def _summary(findings: Sequence[Finding]) -> str:
    kinds = dict.fromkeys(one.kind for one in findings)
    sites = {one.site for one in findings if one.kind == findings[0].kind}
    first = findings[0]
    where = first.site if len(sites) == 1 else f"{len(sites)} places, {first.site} among them"
    return f"{', '.join(kinds)}: {first.where} at {where}"
