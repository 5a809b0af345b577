"""The corpus says of each of its gateways what is to be found, in a way that the selftest reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import resources
from headgate.candidate import load_candidate
from headgate.errors import InputError
from headgate.gate.selftest import Specimen, corpus
from headgate.judge import RULES
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
