"""A run that several processes share: each scenario is carried out once, by whoever takes it, and
one verdict speaks for all of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import cast

import pytest
from tests.unit.fakes import (
    SITES,
    Checkout,
    FakeSession,
    candidate_of,
    policy_of,
    sound_record,
)
from tests.unit.test_record import assert_not_judged, disclosed, feature, scenario

from headgate.candidate import Candidate
from headgate.errors import NotJudged
from headgate.gate.check import Run
from headgate.gate.portion import Portion
from headgate.gate.sharing import Share, Turns
from headgate.gate.terms import Keeping
from headgate.gate.turns import Helping
from headgate.gate.visit import Record
from headgate.gate.workers import Failed
from headgate.tally import Counts
from headgate.trial import Past
from headgate.verdict import Verdict

TITLES = ("The first", "The second", "The third")
DAY = feature(*(scenario("Given a gateway", "Then all is well", title=one) for one in TITLES))
BACK = feature(
    scenario("Given a gateway", "Then all is well", title="Looking back"), tags="@at_the_end"
)


class Places:
    """Turns of which this process gets these places alone."""

    def __init__(self, *places: int) -> None:
        self._places = list(places)

    def take(self) -> int | None:
        return self._places.pop(0) if self._places else None


class Others:
    """Helpers that have done their share before."""

    def __init__(self, turns: Places, *shares: Share | Failed) -> None:
        self.turns = turns
        self._shares = [*shares]
        self.begun: list[Candidate] = []
        self.settled = 0

    def begin(self, candidate: Candidate) -> None:
        self.begun.append(candidate)

    def shares(self) -> list[Share | Failed]:
        shares, self._shares = self._shares, []
        return shares

    def settle(self) -> None:
        self.settled += 1


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def session_of(others: Others) -> FakeSession:
    session = FakeSession(policy_of(*SITES), sound_record())
    session.helpers = others
    return session


def shared_by(checkout: Checkout, *places: int, text: str = DAY) -> Share:
    """What a helper brings back that got these places."""
    (checkout.root / "features" / "number0.feature").write_text(text)
    (checkout.root / "features" / "number1.feature").write_text(BACK)
    helping = Helping(cast(Turns, Places(*places)))
    session = FakeSession(policy_of(*SITES))
    run = Run(session.as_session, candidate_of(), helping=True)
    run.carry_out([], [helping])
    assert run.verdict is None
    recorder = run.recorder
    share = Share(recorder.scenarios, tuple(helping.reports), tuple(recorder.problems))
    sent: Share = pickle.loads(pickle.dumps(share))
    return sent


def judged(
    checkout: Checkout, others: Others, text: str = DAY, keeping: Keeping | None = None
) -> Verdict:
    return checkout.judged(session_of(others), text, BACK, keeping=keeping)


# Turns


def test_each_place_is_taken_once_until_none_is_left() -> None:
    turns = Turns()
    assert turns.take() is None
    turns.begin()
    assert [turns.take() for _ in range(3)] == [0, 1, 2]
    turns.end()
    assert turns.take() is None
    turns.begin()
    assert turns.take() == 0


# Scenarios


def test_each_scenario_is_carried_out_by_one_and_told_of_in_its_place(checkout: Checkout) -> None:
    others = Others(Places(0, 2), shared_by(checkout, 1))
    session = session_of(others)
    verdict = checkout.judged(session, DAY, BACK)
    assert verdict.verdict == "approved"
    assert session.lines == ["The first", "The third", "Looking back"]
    assert verdict.evidence
    told = [
        one.title
        for file in verdict.evidence.features
        for rule in file.rules
        for one in rule.scenarios
    ]
    assert told == [*TITLES, "Looking back"]
    assert len(others.begun) == others.settled == 1


def test_what_another_has_seen_fail_fails(checkout: Checkout) -> None:
    text = DAY.replace("all is well", "all is not well", 2)
    share = shared_by(checkout, 0, 1, text=text)
    verdict = judged(checkout, Others(Places(2), share), text)
    assert verdict.verdict == "rejected"
    assert verdict.reason.startswith("“The first” does not hold")


def test_a_scenario_that_nobody_took_is_missed(checkout: Checkout) -> None:
    verdict = judged(checkout, Others(Places(2), shared_by(checkout, 1)))
    assert_not_judged(verdict, "“The first” was carried out by nobody")


def test_junit_has_them_all(checkout: Checkout, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, raw=False)
    others = Others(Places(0, 2), shared_by(checkout, 1))
    kept = judged(checkout, others, keeping=keeping).kept
    assert kept
    assert kept.junit
    assert kept.junit.count(b"<testcase") == 4


def test_a_part_that_is_lost_leaves_nothing_to_approve(checkout: Checkout) -> None:
    others = Others(Places(0, 1), Failed("the process that judged it was killed by SIGKILL"))
    verdict = judged(checkout, others)
    assert_not_judged(
        verdict, "a part of the run is lost: the process that judged it was killed by SIGKILL"
    )


def test_what_another_has_seen_rejects(checkout: Checkout) -> None:
    record = Record(disclosures=[disclosed("leak")], requests=20, arrived=20)
    portion = Portion(record, Counts(), Past(20, {}, {}, {}), {})
    verdict = judged(checkout, Others(Places(0, 1, 2), Share(portion=portion)))
    assert verdict.verdict == "rejected"
    assert [one.kind for one in verdict.findings] == ["leak"]
    assert verdict.requests == 520


def test_what_another_has_seen_rejects_where_this_gateway_did_not_start(checkout: Checkout) -> None:
    record = Record(disclosures=[disclosed("leak")])
    portion = Portion(record, Counts(), Past(20, {}, {}, {}), {})
    session = session_of(Others(Places(0, 1, 2), Share(portion=portion)))
    session.failure = NotJudged("does not start")
    verdict = checkout.judged(session, DAY, BACK)
    assert verdict.verdict == "rejected"
    assert verdict.notes[0] == "does not start"


def test_each_has_to_have_been_awake(checkout: Checkout) -> None:
    verdict = judged(checkout, Others(Places(0, 1, 2), Share(unseen={"residue"})))
    assert_not_judged(verdict, "the negative control showed what the harness did not see: residue")


def test_a_problem_of_both_is_told_once(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", title="Nothing more"), "  Example: No steps\n")
    share = shared_by(checkout, 1, text=text)
    verdict = judged(checkout, Others(Places(0), share), text)
    assert_not_judged(verdict, "the scenario “No steps” has no steps")


# What a gate has seen


def test_records_add_up() -> None:
    record = sound_record()
    record.errors = "one"
    record.add(Record(requests=3, sites={"shop.example"}, arrived=2, errors="another"))
    assert (record.requests, record.arrived, record.disclosed_rightly) == (503, 502, 90)
    assert record.sites == {"premium.example", "shop.example"}
    assert record.errors == "one\nanother"


def test_a_doubt_stays_what_it_is_on_its_way() -> None:
    doubt = pickle.loads(pickle.dumps(NotJudged("it has gone", "[alert] and why")))
    assert (doubt.reason, doubt.words) == ("it has gone", "[alert] and why")
