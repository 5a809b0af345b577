"""The corpus says of each of its gateways what is to be found, in a way that the selftest reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from gherkin.parser import Parser

from headgate import resources
from headgate.candidate import load_candidate
from headgate.disclosure import RULES
from headgate.errors import InputError
from headgate.evidence import parts
from headgate.gate.collect import filled
from headgate.gate.selftest import Specimen, corpus
from headgate.gate.watch import SCENARIO
from headgate.policy import load_policy
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED, Finding, Verdict

CONFIGS = resources.root() / "gateway_config"
CORPUS = resources.root() / "tests" / "corpus"
POLICY = CONFIGS / "policy.yaml"


def specimens() -> list[Specimen]:
    return corpus(CORPUS, POLICY)


def test_there_are_enough_faulty_and_sound_gateways() -> None:
    faulty = [one for one in specimens() if one.kinds]
    sound = [one for one in specimens() if not one.kinds]
    assert len(faulty) >= 60
    assert len(sound) >= 25


def test_enough_faults_are_hidden_from_all_who_do_not_read_the_config() -> None:
    hidden = [one for one in specimens() if ("family", "aimed") in one.needs]
    tempting = [one for one in specimens() if ("family", "aimed") in one.tempts]
    assert len(hidden) >= 36
    assert len(tempting) >= 11
    assert [one.name for one in hidden if not one.mend] == []


@pytest.mark.parametrize("specimen", specimens(), ids=lambda one: one.name)
def test_where_a_fault_is_mended_there_is_a_line(specimen: Specimen) -> None:
    for place in specimen.mend:
        path, _, line = place.rpartition(":")
        written = (specimen.candidate / path).read_text("utf-8").splitlines()
        assert written[int(line) - 1].strip()


@pytest.mark.parametrize("specimen", specimens(), ids=lambda one: one.name)
def test_each_can_be_read_with_its_policy(specimen: Specimen) -> None:
    load_candidate(specimen.candidate, CONFIGS / "gateway.yaml")
    load_policy(specimen.policy)
    assert set(specimen.kinds) <= set(RULES)


def test_a_name_that_is_not_in_the_corpus_is_an_error() -> None:
    with pytest.raises(InputError, match="there is no nobody-knows in it"):
        corpus(CORPUS, POLICY, ["nobody-knows"])


def verdict(word: str, *kinds: str) -> Verdict:
    findings = [Finding(kind, RULES[kind], "", "", "", "", "", "", 1, "") for kind in kinds]
    return Verdict("x", "", word, "", tuple(findings))


@pytest.mark.parametrize(
    ("kinds", "given", "right"),
    [
        (("leak",), verdict(REJECTED, "excess", "leak"), True),
        (("leak",), verdict(REJECTED, "excess"), False),
        (("leak",), verdict(NOT_JUDGED, "leak"), False),
        ((), verdict(APPROVED), True),
        ((), verdict(NOT_JUDGED), False),
        ((), verdict(REJECTED, "leak"), False),
    ],
)
def test_only_the_deserved_verdict_for_the_deserved_reason_is_right(
    kinds: tuple[str, ...], given: Verdict, *, right: bool
) -> None:
    specimen = Specimen("x", Path("x"), POLICY, "", kinds)
    assert specimen.rightly(given) is right


# Each part of the detection has a gateway that it is needed for, and one that it leaves alone

NAMED = ("premium", "adult")
FEATURES = resources.root() / "features"
PARTS = [(what, one) for what, ids in parts().items() for one in sorted(ids)]


@pytest.mark.parametrize(("what", "part"), PARTS)
def test_each_part_finds_a_fault_that_the_corpus_knows(what: str, part: str) -> None:
    assert [one.name for one in specimens() if (what, part) in one.needs]


@pytest.mark.parametrize(("what", "part"), PARTS)
def test_each_part_is_tempted_by_a_sound_gateway(what: str, part: str) -> None:
    assert [one.name for one in specimens() if (what, part) in one.tempts]


@pytest.mark.parametrize("specimen", specimens(), ids=lambda one: one.name)
def test_each_names_parts_that_there_are(specimen: Specimen) -> None:
    named = {pair for pair in (*specimen.needs, *specimen.tempts) if pair[0] != SCENARIO}
    assert named <= set(PARTS)
    assert set(specimen.first) <= titles()
    assert bool(specimen.needs) == bool(specimen.kinds)
    assert bool(specimen.tempts) != bool(specimen.kinds)


def test_each_scenario_is_the_first_to_show_some_fault() -> None:
    """But those that look at the installation or the run itself, tell of the samples, or are for
    policies that go beyond the sample's."""
    shown = {one.first[-1] for one in specimens() if one.first}
    others = {
        title
        for name in ("controls", "incident_2012", "installed_gateway")
        for title in titles_in((FEATURES / f"{name}.feature").read_text("utf-8"))
    }
    left = titles() - shown - others
    assert left <= {
        "A site of any further category learns the number of each visitor",
        *(f"A site of the category {name} learns the number of each visitor" for name in NAMED),
    }


@cache
def titles() -> frozenset[str]:
    """The titles of all scenarios, their examples filled in."""
    return frozenset(
        title for path in FEATURES.glob("*.feature") for title in titles_in(path.read_text("utf-8"))
    )


def titles_in(text: str) -> Iterator[str]:
    document: Mapping[str, Any] = Parser().parse(text)
    children = document["feature"]["children"]
    for child in children:
        for one in child["rule"]["children"] if "rule" in child else [child]:
            if "scenario" in one:
                yield from filled_in(one["scenario"])


def filled_in(scenario: Mapping[str, Any]) -> Iterator[str]:
    if not scenario["examples"]:
        yield scenario["name"]
    for table in scenario["examples"]:
        names = [cell["value"] for cell in table["tableHeader"]["cells"]]
        for row in table["tableBody"]:
            values = [cell["value"] for cell in row["cells"]]
            yield filled(scenario["name"], dict(zip(names, values, strict=True)))
