"""Scenarios in the record: each step as it was seen to end, whatever pytest-bdd makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.fakes import Checkout, FakeSession, policy_of, sound_record

from headgate.gate.scenarios import Scenarios
from headgate.record import Feature, Scenario

GIVEN, WELL = "Given a gateway", "Then all is well"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def features(checkout: Checkout, text: str, beside: tuple[object, ...] = ()) -> tuple[Feature, ...]:
    verdict = checkout.judged(FakeSession(policy_of(), sound_record()), text, beside=beside)
    assert verdict.evidence
    return verdict.evidence.features


def scenario(checkout: Checkout, *steps: str, more: str = "") -> Scenario:
    lines = "\n".join(f"    {step}" for step in steps)
    (feature,) = features(checkout, f"Feature: A day\n\n  Example: A visit\n{lines}\n{more}\n")
    (rule,) = feature.rules
    (one,) = rule.scenarios
    return one


def ends(one: Scenario) -> list[str]:
    return [step.outcome for step in one.steps]


def test_steps_that_passed_are_told_with_their_time(checkout: Checkout) -> None:
    one = scenario(checkout, GIVEN, WELL)
    assert ends(one) == ["passed", "passed"]
    assert (one.ended, one.problem) == ("passed", "")
    assert one.seconds >= sum(step.seconds for step in one.steps) > 0


def test_a_step_that_nobody_wrote_is_undefined_and_what_follows_not_reached(
    checkout: Checkout,
) -> None:
    one = scenario(checkout, GIVEN, "When pigs fly", WELL)
    assert ends(one) == ["passed", "undefined", "not reached"]
    assert one.ended == "broken"


def test_a_first_step_that_nobody_wrote_hides_nothing(checkout: Checkout) -> None:
    assert ends(scenario(checkout, "Given pigs that fly", WELL)) == ["undefined", "not reached"]


def test_a_step_that_is_skipped_has_not_passed(checkout: Checkout) -> None:
    one = scenario(checkout, GIVEN, "Then this is not tried", WELL)
    assert ends(one) == ["passed", "skipped", "not reached"]
    assert (one.ended, one.problem) == ("broken", "not today")


def test_a_failure_in_the_middle_does_not_fail_what_was_not_reached(checkout: Checkout) -> None:
    one = scenario(checkout, GIVEN, "Then all is not well", WELL)
    assert ends(one) == ["passed", "failed", "not reached"]
    assert one.ended == "failed"
    assert "447700900***" in one.problem


def test_what_fails_after_the_last_step_breaks_its_scenario(checkout: Checkout) -> None:
    one = scenario(checkout, "Given a gateway that is put back afterwards", WELL)
    assert ends(one) == ["passed", "passed"]
    assert (one.ended, one.problem) == ("broken", "it could not be put back")


RICH = '''
@at_the_end
Feature: A day
  Two lines that say
  what it is about.

  Background:
    Given a gateway

  Rule: Nobody learns anything
    Because the policy says so.

    @trouble
    Scenario Outline: Something is <what>
      When something is <what>
        | place | what   |
        | here  | <what> |
      Then all is well
        """
        A word on <what>
        """

      Examples: Two
        | what |
        | odd  |
        | even |

  Rule: All ends well

    Example: The end
      Then all is well
'''


def test_all_of_gherkin_is_in_it(checkout: Checkout) -> None:
    (feature,) = features(checkout, RICH)
    assert (feature.title, feature.tags) == ("A day", ("at_the_end",))
    assert feature.description.split("\n")[0] == "Two lines that say"
    first, last = feature.rules
    assert (first.title, first.description) == (
        "Nobody learns anything",
        "Because the policy says so.",
    )
    assert [one.title for one in last.scenarios] == ["The end"]
    odd, even = first.scenarios
    assert (odd.title, even.title) == ("Something is odd", "Something is even")
    assert (odd.keyword, odd.tags, odd.example) == (
        "Scenario Outline",
        ("trouble",),
        {"what": "odd"},
    )
    assert [(one.keyword, one.words, one.background) for one in odd.steps] == [
        ("Given", "a gateway", True),
        ("When", "something is odd", False),
        ("Then", "all is well", False),
    ]
    assert odd.steps[1].table == (("place", "what"), ("here", "odd"))
    assert odd.steps[2].text == "A word on odd"


class _Elsewhere:
    """Sends each report away as a process of its own would, and takes it in here."""

    def __init__(self) -> None:
        self.there = Scenarios()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[Any]:
        config = _CONFIGS[-1]
        sent = json.dumps(config.hook.pytest_report_to_serializable(config=config, report=report))
        back = config.hook.pytest_report_from_serializable(config=config, data=json.loads(sent))
        self.there.pytest_runtest_logreport(back)
        return (yield)

    def pytest_configure(self, config: pytest.Config) -> None:
        _CONFIGS.append(config)


_CONFIGS: list[pytest.Config] = []


def test_scenarios_survive_the_way_between_processes(checkout: Checkout) -> None:
    elsewhere = _Elsewhere()
    assert features(checkout, RICH, (elsewhere,)) == elsewhere.there.features()


def test_numbers_in_a_users_own_words_are_masked(checkout: Checkout) -> None:
    one = scenario(checkout, "When something is 447700900123")
    assert one.steps[0].words == "something is 447700900***"
