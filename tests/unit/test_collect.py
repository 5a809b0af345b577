"""A feature file is collected as it stands, and one that would lose a scenario is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.fakes import (
    SITES,
    Checkout,
    FakeSession,
    policy_of,
    sound_record,
)

from headgate.gate.visit import Record
from headgate.policy import Site
from headgate.verdict import Verdict

POLICY = policy_of(*SITES)

STEPS = "    Given a gateway\n    Then all is well\n"


def example(title: str, steps: str = STEPS) -> str:
    return f"  Example: {title}\n{steps}"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def run(
    checkout: Checkout, text: str, *sites: Site, consent: bool = True
) -> tuple[Verdict, list[str]]:
    """The verdict, and the titles of the scenarios that were carried out."""
    policy = policy_of(*(sites or SITES), consent_required=consent)
    session = FakeSession(policy, sound_record())
    return checkout.judged(session, text), session.lines


def test_scenarios_of_a_feature_and_of_its_rules_are_carried_out(checkout: Checkout) -> None:
    text = (
        f"Feature: F\n{example('One')}\n  Rule: R\n{example('Two')}\n  Rule: S\n{example('Three')}"
    )
    verdict, titles = run(checkout, text)
    assert verdict.verdict == "approved"
    assert titles == ["One", "Two", "Three"]


def test_a_scenario_outline_is_carried_out_row_by_row(checkout: Checkout) -> None:
    text = """Feature: F
  Scenario Outline: Something is <what>
    Given a gateway
    When something is <what>
    Then all is well

    Examples: Some
      | what |
      | odd  |
      | even |

    Examples: More
      | what |
      | new  |
"""
    verdict, titles = run(checkout, text)
    assert verdict.verdict == "approved"
    assert len(titles) == 3


def test_titles_that_differ_in_signs_alone_are_two_scenarios(checkout: Checkout) -> None:
    verdict, titles = run(checkout, f"Feature: F\n{example('Is it so?')}\n{example('Is it so!')}")
    assert verdict.verdict == "approved"
    assert titles == ["Is it so?", "Is it so!"]


@pytest.mark.parametrize(
    "text",
    [
        f"Feature: F\n{example('Same')}\n{example('Same')}",
        f"Feature: F\n{example('Same')}\n  Rule: R\n{example('Same')}",
        f"Feature: F\n  Rule: Q\n{example('Same')}\n  Rule: R\n{example('Same')}",
    ],
)
def test_two_scenarios_of_one_title_are_refused(checkout: Checkout, text: str) -> None:
    verdict, titles = run(checkout, text)
    assert (verdict.verdict, titles) == ("not-judged", [])
    path = checkout.root / "features" / "number0.feature"
    assert verdict.reason == (f"features/number0.feature: {path}: two scenarios are called “Same”")


TABLE = "Examples: Some\n      | what |"


@pytest.mark.parametrize(
    "examples", ["", "Examples: None", TABLE, f"{TABLE}\n\n    {TABLE}\n      | odd  |"]
)
def test_an_outline_without_rows_is_refused(checkout: Checkout, examples: str) -> None:
    steps = STEPS.replace("Then", "When something is <what>\n    Then")
    outline = f"  Scenario Outline: Something is <what>\n{steps}\n    {examples}\n"
    verdict, titles = run(checkout, f"Feature: F\n{example('One')}\n{outline}")
    assert (verdict.verdict, titles) == ("not-judged", [])
    assert verdict.reason.endswith("“Something is <what>” has an Examples table without rows")


@pytest.mark.parametrize("text", ["", "# a comment\n", "Feature: F\n", "Feature: F\n  Rule: R\n"])
def test_a_file_without_a_scenario_is_refused(checkout: Checkout, text: str) -> None:
    verdict, _ = run(checkout, text)
    assert verdict.verdict == "not-judged"
    assert verdict.reason.endswith("number0.feature: there is no scenario in it")


@pytest.mark.parametrize(
    "data", [b"Feature: F\n  Example: \xff\n", b"Feature: F\n  Scenario\n!\n", b"\0"]
)
def test_a_file_that_cannot_be_read_is_refused(checkout: Checkout, data: bytes) -> None:
    (checkout.root / "features" / "bad.feature").write_bytes(data)
    verdict, _ = run(checkout, f"Feature: F\n{example('One')}")
    assert verdict.verdict == "not-judged"
    assert "features/bad.feature" in verdict.reason


def test_features_in_other_languages_are_read(checkout: Checkout) -> None:
    steps = "    Angenommen a gateway\n    Dann all is well\n"
    text = f"# language: de\nFunktionalität: F\n  Beispiel: Eins\n{steps}"
    assert run(checkout, text)[0].verdict == "approved"


def test_a_directory_of_a_users_own_needs_no_python(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own" / "deeper"
    own.mkdir(parents=True)
    (own / "own.feature").write_text(f"Feature: Ours\n{example('Our own')}")
    session = FakeSession(POLICY, sound_record())
    text = f"Feature: F\n{example('One')}"
    verdict = checkout.judged(session, text, features=[tmp_path / "own"])
    assert verdict.verdict == "approved"
    assert session.lines == ["One", "Our own"]


def tagged(*tags: str) -> str:
    return "Feature: F\n" + "\n".join(f"  {tag}\n{example(tag or 'plain')}" for tag in ("", *tags))


@pytest.mark.parametrize(
    ("tag", "sites", "consent", "left_out"),
    [
        ("@permitted_sites", SITES, True, False),
        ("@consent_required", SITES, True, False),
        ("@consent_required", SITES, False, True),
        ("@other_categories", SITES, True, True),
        ("@other_categories", (Site("a.example", "music"),), True, False),
        ("@incident", SITES, True, True),
    ],
)
def test_what_does_not_apply_to_a_policy_is_left_out(
    checkout: Checkout, tag: str, sites: tuple[Site, ...], consent: bool, left_out: bool
) -> None:
    verdict, titles = run(checkout, tagged(tag), *sites, consent=consent)
    assert titles == (["plain"] if left_out else ["plain", tag])
    assert verdict.verdict == "approved"


def test_a_policy_without_sites_leaves_out_what_needs_one(checkout: Checkout) -> None:
    session = FakeSession(policy_of(), Record(requests=1, arrived=1))
    assert checkout.judged(session, tagged("@permitted_sites")).verdict == "approved"
    assert session.lines == ["plain"]


def test_what_looks_back_comes_last(checkout: Checkout) -> None:
    first = f"Feature: F\n  @at_the_end\n{example('Last')}\n{example('First')}"
    assert run(checkout, first)[1] == ["First", "Last"]


CATEGORIES = """Feature: F
  Scenario Outline: Something is <category>
    Given a gateway
    When something is <category>
    Then all is well

    Examples: The categories
      | category |
      | premium  |
      | adult    |
      | music    |
"""


@pytest.mark.parametrize(
    ("categories", "count"), [(["premium"], 1), (["music"], 1), (["adult", "music"], 2)]
)
def test_only_categories_of_the_policy_are_carried_out(
    checkout: Checkout, categories: list[str], count: int
) -> None:
    sites = [Site("a.example", category) for category in categories]
    session = FakeSession(policy_of(*sites), sound_record())
    text = CATEGORIES if "music" in categories else CATEGORIES.replace("music ", "partner ")
    assert checkout.judged(session, text).verdict == "approved"
    assert len(session.lines) == count


@pytest.mark.parametrize(
    ("column", "value", "hint"),
    [
        ("category", "premuim", "did you mean `premium`?"),
        ("category", "Adult", "did you mean `adult`?"),
        ("category", "weather", "expected premium, adult or partner"),
        ("trouble", "wrnog", "did you mean `wrong`?"),
    ],
)
def test_a_word_that_no_policy_or_feed_knows_is_pointed_at(
    checkout: Checkout, column: str, value: str, hint: str
) -> None:
    """Left out as what does not apply here, a mistyped row would never be missed."""
    text = CATEGORIES.replace("category", column).replace("music", value)
    text = text.replace("premium", "none") if column == "trouble" else text
    text = text.replace("adult", "silent") if column == "trouble" else text
    verdict, titles = run(checkout, text)
    assert (verdict.verdict, titles) == ("not-judged", [])
    path = checkout.root / "features" / "number0.feature"
    assert verdict.reason == f"{path}: there is no {column} `{value}`: {hint}"


def test_features_lie_in_folders_of_any_name(checkout: Checkout, tmp_path: Path) -> None:
    """pytest by itself passes by folders of these names."""
    for name in ("build", ".ours", "node_modules"):
        (tmp_path / "own" / name).mkdir(parents=True)
        text = f"Feature: Ours\n{example(name)}"
        (tmp_path / "own" / name / "own.feature").write_text(text)
    session = FakeSession(POLICY, sound_record())
    verdict = checkout.judged(session, f"Feature: F\n{example('One')}", features=[tmp_path / "own"])
    assert verdict.verdict == "approved"
    assert sorted(session.lines) == [".ours", "One", "build", "node_modules"]
