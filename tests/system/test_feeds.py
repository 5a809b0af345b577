"""Each way in which a gateway learns who its subscribers are: sound uses of it are approved, and
faulty ones are rejected for what is wrong with them."""

from __future__ import annotations

import pytest
from tests.system.conftest import Judge, Start

from headgate.disclosure import (
    EXCESS,
    FAIL_OPEN,
    FORGERY,
    LEAK,
    MISATTRIBUTION,
    MISSING,
    NO_CONSENT,
    RESIDUE,
)
from headgate.gate.gate import Gate
from headgate.request import Outcome
from headgate.verdict import APPROVED, REJECTED

FEEDS = ("redis", "file", "header")
WAYS = ("", "-proxy-only", "-transparent-only")

# Every feed and every choice of ways in, each at least once, go all the way to the verdict: the
# sample gateways, which have a store and both ways, do so elsewhere.
APPROVALS = ["sound-file-transparent-only", "sound-header-proxy-only"]

# Folder, and every kind of finding that a day's traffic gives.
FAULTY = [
    ("stale-sessions", {FAIL_OPEN, MISATTRIBUTION, NO_CONSENT, MISSING}),
    ("placeholder-for-nobody", {FAIL_OPEN}),
    ("last-number-for-nobody", {FAIL_OPEN, MISATTRIBUTION, NO_CONSENT}),
    ("own-header-passes", {FORGERY}),
    ("number-to-a-lookalike", {LEAK}),
    ("number-in-a-second-header", {EXCESS}),
    ("number-in-a-cookie", {LEAK}),
    ("number-in-a-name", {LEAK}),
    ("number-in-syslog", {LEAK}),
    ("number-in-a-log", {RESIDUE}),
    ("number-on-standard-output", {RESIDUE}),
    ("number-in-a-cache", {RESIDUE}),
    ("own-core-header-passes", {LEAK, EXCESS, NO_CONSENT}),
    ("consent-not-asked", {NO_CONSENT}),
    ("wrong-list-believed", {FAIL_OPEN}),
]


def go_through_a_day(gate: Gate) -> None:
    """The traffic of the features in brief, in an order that a stale memory cannot survive."""
    gate.visit("permitted", "ordinary", "lookalike", by=gate.agreed)
    gate.visit("permitted", by=[*gate.nobody, *gate.refused])
    gate.visit("forged", by=gate.nobody, most=80)
    with gate.withdrawn() as handsets:
        gate.visit("permitted", by=handsets)
    with gate.handed_over() as handsets:
        gate.visit("permitted", by=handsets)
    with gate.disturbed("wrong"):
        gate.visit("permitted", by=gate.agreed)
    gate.stop()


@pytest.mark.parametrize("ways", WAYS)
@pytest.mark.parametrize("feed", FEEDS)
def test_a_day_of_a_sound_gateway_shows_nothing(started: Start, feed: str, ways: str) -> None:
    with started(f"sound-{feed}{ways}") as gate:
        go_through_a_day(gate)
        assert gate.record.disclosures == []
        assert gate.record.unproved == []
        assert gate.record.disclosed_rightly > 0


@pytest.mark.parametrize("name", APPROVALS)
def test_a_sound_gateway_is_approved(judged: Judge, name: str) -> None:
    verdict = judged(name)
    assert (verdict.verdict, verdict.findings) == (APPROVED, ()), verdict.reason


@pytest.mark.parametrize(("name", "kinds"), FAULTY)
def test_a_day_of_a_faulty_gateway_shows_what_is_wrong_with_it(
    started: Start, name: str, kinds: set[str]
) -> None:
    with started(name) as gate:
        go_through_a_day(gate)
        assert {one.kind for one in gate.record.disclosures} == kinds


def test_what_a_store_says_late_is_still_true(started: Start) -> None:
    with started("sound-redis") as gate:
        with gate.disturbed("late"):
            visit = gate.visit("permitted", "ordinary", by=gate.agreed, most=60)
        assert visit.wrong == []
        assert gate.record.disclosed_rightly == 0  # nothing was owed
        told = [one for one in visit.outcomes if gate.policy.site_for(one.request.host)]
        assert all(told_itself(one) for one in told)
        assert gate.visit("permitted", by=gate.agreed).wrong == []


def told_itself(outcome: Outcome) -> bool:
    assert outcome.subscriber
    number = outcome.subscriber.msisdn.encode()
    return any(number in receipt.data for receipt in outcome.receipts)


def test_what_a_store_said_before_it_hung_up_is_still_true(started: Start) -> None:
    with started("sound-redis") as gate:
        with gate.disturbed("hanging up"):
            visits = [gate.visit("permitted", by=gate.agreed) for _ in range(6)]
        assert gate.record.disclosures == []
        assert any(gate.judge.got(outcome) for visit in visits for outcome in visit.outcomes)


def test_a_faulty_gateway_is_rejected(judged_briefly: Judge) -> None:
    verdict = judged_briefly("own-core-header-passes")
    assert verdict.verdict == REJECTED
    assert (LEAK, "header x-core-session") in {(one.kind, one.where) for one in verdict.findings}
    assert LEAK in verdict.reason
