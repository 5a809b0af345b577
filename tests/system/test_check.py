"""`headgate check` as a person types it, on the sample gateways and on one's own."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.system.runs import CANDIDATES, LONGEST, SAMPLES, SHORT, TOP, Run, verdicts

from headgate.disclosure import RULES
from headgate.gate.check import check
from headgate.gate.session import Session
from headgate.verdict import APPROVED, EXIT, NOT_JUDGED, REJECTED, Verdict

Headgate = Callable[..., Run]

EXPECTED = {
    "released": APPROVED,
    "candidates/2012-01-10-maintenance": REJECTED,
    "candidates/2012-01-25-fix": APPROVED,
}

# What the contract's verdict.json has, and of which type.
CANDIDATE = {
    "candidate": str,
    "digest": str,
    "verdict": str,
    "reason": str,
    "findings": list,
    "requests": int,
    "sites": int,
    "handsets": int,
    "seconds": float,
}
FINDING = {
    "kind": str,
    "rule": int,
    "site": str,
    "address": str,
    "subscriber": str,
    "form": str,
    "where": str,
    "request": str,
    "count": int,
    "sample": str,
}

_NUMBER = re.compile(r"4477009\d{5}")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run over the three samples, from another folder."""
    folder = tmp_path_factory.mktemp("samples")
    path = folder / "verdict.json"
    candidates = [SAMPLES / name for name in EXPECTED]
    run = Run(folder, ["check", *candidates, "--policy", SAMPLES / "policy.yaml", "--json", path])
    run.exit()
    return run, path


def test_the_samples_are_approved_rejected_and_approved(samples: tuple[Run, Path]) -> None:
    run, path = samples
    found = verdicts(path)
    assert [one["verdict"] for one in found] == list(EXPECTED.values()), run.said
    assert run.exit() == 1


def test_the_maintenance_leaks_the_numbers_to_ordinary_sites(samples: tuple[Run, Path]) -> None:
    _, maintenance, _ = verdicts(samples[1])
    leaks = [one for one in maintenance["findings"] if one["kind"] == "leak"]
    assert len({one["site"] for one in leaks}) > 50
    assert {one["where"] for one in leaks} == {"header x-up-calling-line-id"}
    assert {one["rule"] for one in leaks} == {2}


def test_verdict_json_is_as_the_contract_has_it(samples: tuple[Run, Path]) -> None:
    for one in verdicts(samples[1]):
        assert _types(one, CANDIDATE) == CANDIDATE
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", one["digest"])
        assert one["requests"] >= 500
        for finding in one["findings"]:
            assert _types(finding, FINDING) == FINDING


def _types(found: Mapping[str, Any], expected: Mapping[str, type]) -> dict[str, type]:
    return {name: type(found[name]) for name in expected}


def test_no_number_is_spelled_out_anywhere(samples: tuple[Run, Path]) -> None:
    run, path = samples
    assert _NUMBER.findall(run.said) == []
    assert _NUMBER.findall(path.read_text()) == []


@pytest.mark.parametrize("name", EXPECTED)
def test_pytest_alone_comes_to_the_same_verdict_on_a_copy_elsewhere(
    samples: tuple[Run, Path], tmp_path: Path, name: str
) -> None:
    """Neither the way it is asked nor the place of a candidate and its policy makes a difference.

    What the incident tells of is told once: it is about the samples, whatever is judged.
    """
    shutil.copytree(SAMPLES / name, tmp_path / "ours")
    shutil.copy(SAMPLES / "policy.yaml", tmp_path / "our-policy.yaml")
    told = [] if EXPECTED[name] == REJECTED else ["-m", "not incident"]
    done = gate(tmp_path / "ours", tmp_path / "our-policy.yaml", *told)
    (mine,) = (one for one in verdicts(samples[1]) if one["candidate"].endswith(name))
    assert done.returncode == EXIT[mine["verdict"]], done.stdout[-2000:]
    assert f"{tmp_path / 'ours'}: {mine['verdict']}\n" in done.stdout
    assert {kind for kind in RULES if f"\n  first {kind} (" in done.stdout} == kinds_of(mine)


def kinds_of(verdict: Mapping[str, Any]) -> set[str]:
    return {finding["kind"] for finding in verdict["findings"]}


def gate(candidate: Path, policy: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """What `tox -e gate` carries out, as it is written there."""
    tox = configparser.RawConfigParser()
    tox.read(TOP / "tox.ini")
    program, *words = tox["testenv:gate"]["commands"].replace("{posargs}", "").split()
    asked = ["--candidate", str(candidate), "--policy", str(policy), "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", program, *words, *asked, *more],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def test_pytest_alone_judges_no_gateway_that_does_not_start() -> None:
    broken = CANDIDATES / "unknown-directive"
    done = gate(broken, SHORT)
    assert done.returncode == EXIT[NOT_JUDGED]
    assert f"{broken}: not-judged\n" in done.stdout
    assert 'unknown directive "proxy_set_haeder" in /etc/nginx/nginx.conf:3' in done.stdout


# A user's own features

HOLDS = """\
Feature: Ours
  Example: A shop learns nothing
    Given subscribers who have agreed that permitted sites may know their numbers
    When they visit ordinary sites
    Then nobody has learned anything that the policy does not grant
"""
FAILS = """\
Feature: Ours
  Example: Everybody learns everything
    Given subscribers who have agreed that permitted sites may know their numbers
    When they visit ordinary sites
    Then every ordinary site has learned who its visitors are
"""
UNDEFINED = """\
Feature: Ours
  Example: The moon is made of cheese
    Given subscribers who have agreed that permitted sites may know their numbers
    When they fly to the moon
    Then it is made of cheese
"""
EMPTY = """\
Feature: Ours
  Example: Nothing is said
"""
BROKEN = """\
Feature: Ours
  Example: A line that is none
    Given subscribers who have agreed that permitted sites may know their numbers
    They visit the permitted sites
"""
SKIPPED = """\
@skip
Feature: Ours
  Example: Not today
    Given subscribers who have agreed that permitted sites may know their numbers
    When they visit ordinary sites
    Then nobody has learned anything that the policy does not grant
"""

MISTYPED = """\
Feature: Ours
  Scenario Outline: A site of the category <category> learns the number
    Given subscribers who have agreed that permitted sites may know their numbers
    When they visit the sites of the category <category>
    Then each site has received its visitor's own number, once, and nothing more

    Examples: Ours
      | category |
      | premium  |
      | premuim  |
"""

OUTCOMES = [
    (HOLDS, APPROVED, "every rule held over"),
    (FAILS, REJECTED, "“Everybody learns everything” does not hold: "),
    (UNDEFINED, NOT_JUDGED, "StepDefinitionNotFoundError: "),
    (EMPTY, NOT_JUDGED, "the scenario “Nothing is said” has no steps"),
    (BROKEN, NOT_JUDGED, "ours.feature: (4:5): expected: "),
    (SKIPPED, NOT_JUDGED, "unconditional skip"),
    (
        MISTYPED,
        NOT_JUDGED,
        "FOLDER/ours.feature: there is no category `premuim`: did you mean `premium`?",
    ),
]


@pytest.mark.parametrize(
    ("feature", "verdict", "reason"),
    OUTCOMES,
    ids=["holds", "fails", "undefined step", "empty", "syntax error", "skipped", "mistyped"],
)
def test_features_of_the_users_own_count_like_the_others(
    short: Session, tmp_path: Path, feature: str, verdict: str, reason: str
) -> None:
    (tmp_path / "ours.feature").write_text(feature)
    found: Verdict
    (found,) = check(short, [CANDIDATES / "tells-nobody"], [tmp_path])
    reason = reason.replace("FOLDER", str(tmp_path))
    assert (found.verdict, found.reason[: len(reason)]) == (verdict, reason)


def test_a_folder_without_features_is_an_error_of_input(headgate: Headgate, tmp_path: Path) -> None:
    (tmp_path / "ours.feature.txt").write_text(HOLDS)
    sound = CANDIDATES / "tells-nobody"
    run = headgate("check", sound, "--policy", SHORT, "--features", tmp_path)
    assert run.exit() == 2
    words = f"{tmp_path}: no feature file in it: expected files named *.feature"
    assert run.said == f"headgate: {words}"


def test_all_that_a_run_is_given_may_lie_anywhere(headgate: Headgate, tmp_path: Path) -> None:
    """The candidate, its policy, and features of the user's own: here one that does not hold."""
    shutil.copytree(CANDIDATES / "tells-nobody", tmp_path / "ours")
    shutil.copy(SHORT, tmp_path / "policy.yaml")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "ours.feature").write_text(FAILS)
    words = ("--policy", "policy.yaml", "--features", "features", "--json", "verdict.json")
    run = headgate("check", "ours", *words)
    assert run.exit() == 1, run.said
    (verdict,) = verdicts(tmp_path / "verdict.json")
    assert (verdict["candidate"], verdict["verdict"], verdict["findings"]) == ("ours", REJECTED, [])
    assert verdict["reason"].startswith("“Everybody learns everything” does not hold: ")
