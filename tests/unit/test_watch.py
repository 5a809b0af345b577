"""A faulty gateway's run ends when it has shown what is wrong with it, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.fakes import ADA, SITES, Checkout, FakeSession, policy_of, sound_record

from headgate.disclosure import LEAK, MISSING, Disclosure
from headgate.gate.watch import Watch
from headgate.verdict import REJECTED

DAY = """
Feature: A day

  Example: In the morning
    Given a gateway
    Then all is well

  Example: At noon
    Given a gateway
    Then all is well

  Scenario Outline: In the <part>
    Given a gateway
    Then all is well

    Examples: Of the day
      | part      |
      | afternoon |
      | evening   |
"""
WHOLE_DAY = ["In the morning", "At noon", "In the afternoon", "In the evening"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def leaking() -> FakeSession:
    record = sound_record()
    record.disclosures = [
        Disclosure(LEAK, "shop.example", "", ADA, "digits, national, in gzip", "body",
                   "ordinary/k3f9", "")
    ]  # fmt: skip
    return FakeSession(policy_of(*SITES), record)


def test_a_run_ends_after_the_scenario_in_which_all_has_been_seen(checkout: Checkout) -> None:
    session = leaking()
    needs = [("family", "ordinary"), ("form", "digits"), ("layer", "compressed")]
    watch = Watch(LEAK, needs, [])
    verdict = checkout.judged(session, DAY, beside=[watch])
    assert session.lines == WHOLE_DAY[:1]
    assert verdict.verdict == REJECTED
    assert not watch.lacking


def test_what_is_to_be_first_comes_first_by_its_title(checkout: Checkout) -> None:
    session = leaking()
    checkout.judged(session, DAY, beside=[Watch(LEAK, [], ["In the evening", "At noon"])])
    assert session.lines == ["In the evening"]


@pytest.mark.parametrize(
    ("kind", "needs"), [(MISSING, []), (LEAK, [("witness", "cable")]), (LEAK, [("scenario", "x")])]
)
def test_a_run_goes_on_while_something_has_not_been_seen(
    checkout: Checkout, kind: str, needs: list[tuple[str, str]]
) -> None:
    session, watch = leaking(), Watch(kind, needs, [])
    checkout.judged(session, DAY, beside=[watch])
    assert session.lines == WHOLE_DAY
    assert list(watch.lacking) == needs


def test_a_need_may_be_the_scenario_in_which_it_shows(checkout: Checkout) -> None:
    session, watch = leaking(), Watch(LEAK, [("scenario", "In the morning")], [])
    checkout.judged(session, DAY, beside=[watch])
    assert not watch.lacking
    assert session.lines == WHOLE_DAY[:1]
