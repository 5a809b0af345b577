"""What is said of explanations, in the terminal, in files and by the selftest."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from headgate.errors import InputError
from headgate.explain import explainer
from headgate.explain.explanation import Explanation, Minimal, Place
from headgate.explain.replaying import recorded
from headgate.explain.search import Found
from headgate.explain.sentences import sentence
from headgate.gate.check import Run
from headgate.gate.selftest import Judged, Specimen, named_lines, summary
from headgate.reports.terminal import lines
from headgate.verdict import REJECTED, Finding, Verdict, as_json

PLACE = Place("snippets/forward.conf", 14, 'proxy_set_header Connection "";', "sets")
OTHER = Place("conf.d/headers.conf", 3, "proxy_set_header X $x;", "sets")
LEAST = Minimal("leak", "header x", "100.64.128.1", "shop.example", 80, ())
FOUND = Explanation(("F1", "F2"), "it is owed to it", LEAST, "curl http://shop.example/", (PLACE,))


def finding(name: str) -> Finding:
    site = "shop.example"
    return Finding("leak", 2, site, "23.4.5.6", "", "digits", "header x", "a/b", 1, "x: ***", name)


def verdict(*explanations: Explanation, name: str = "a/candidate") -> Verdict:
    findings = tuple(finding(f"F{at}") for at in range(1, 6))
    return Verdict(name, "sha256:0", REJECTED, "leak", findings, explanations=explanations)


# The terminal


def test_a_person_sees_the_line_and_how_to_see_the_finding_again() -> None:
    text = "\n".join(lines(verdict(FOUND)))
    assert (
        "  F1, F2: it is owed to it\n"
        '    snippets/forward.conf:14  proxy_set_header Connection "";\n'
        "    $ curl http://shop.example/\n"
    ) in text


def test_many_findings_of_a_group_and_many_groups_are_counted() -> None:
    many = replace(FOUND, findings=tuple(f"F{at}" for at in range(1, 160)))
    text = "\n".join(lines(verdict(many, *[FOUND] * 4)))
    assert "F1, F2, F3 and 156 more: it is owed to it" in text
    assert "... and 2 more groups, which verdict.json has" in text


def test_what_a_config_holds_does_not_steer_the_terminal() -> None:
    place = replace(PLACE, text="\033[2J")
    assert "\033" not in "\n".join(lines(verdict(replace(FOUND, places=(place,)))))


def test_a_verdict_stands_where_its_explanation_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object) -> None:
        raise ValueError("odd 447700900123")

    monkeypatch.delenv("HEADGATE_DEBUG", raising=False)
    monkeypatch.setattr(explainer, "explained", fails)
    run: Any = Run(Mock(), Mock())
    run.recorder = Mock()
    explained = run.explained(verdict())
    assert replace(explained, notes=()) == verdict()
    assert explained.notes == ("the findings are not explained: ValueError: odd 447700900***",)


# Sentences


@pytest.mark.parametrize(
    ("kind", "found", "said"),
    [
        (
            "leak",
            None,
            (
                "not shown again at every time by its request alone: it may take what came "
                "before, or chance"
            ),
        ),
        (
            "leak",
            Found(),
            "no line was found that makes the difference: something may be lacking",
        ),
        (
            "forgery",
            Found(spent=True),
            (
                "no line was found that makes the difference, within the starts that a check "
                "allows itself: something may be lacking"
            ),
        ),
    ],
)
def test_where_no_line_is_named_it_is_said_why(kind: str, found: Found | None, said: str) -> None:
    assert sentence(kind, found, ()) == said


# Files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    both = [verdict(FOUND, name="a/one"), verdict(FOUND, name="a/two/")]
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(as_json(both)))
    return path


def test_a_finding_is_known_by_its_candidate_and_its_id(path: Path) -> None:
    one = recorded(path, "two/F2")
    assert (one.verdict["candidate"], one.finding["id"]) == ("a/two/", "F2")
    assert one.request == asdict(LEAST) | {"requests": []} | {"manner": {}}
    assert one.told == "F2 (leak, header x at shop.example)"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("F1", "which one? a/one/F1 or a/two/F1"),
        ("one/F9", "there is no finding one/F9 in it"),
        ("one/F3", "F3 has no request that shows it again"),
    ],
)
def test_what_cannot_be_sent_again_is_said(path: Path, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("?", r"\?")) as caught:
        recorded(path, name)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"candidates": [1]}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(text)
    with pytest.raises(InputError, match="expected what `headgate check --json` writes"):
        recorded(path, "F1")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        recorded(tmp_path / "none.json", "F1")


# The selftest


def judged(name: str, mend: tuple[str, ...], *places: Place) -> Judged:
    specimen = Specimen(name, Path(), Path(), "a sentence", ("leak",), mend=mend)
    return Judged(specimen, verdict(replace(FOUND, places=places)))


def test_the_selftest_counts_how_often_the_line_to_mend_is_named() -> None:
    found = [
        judged("right", ("snippets/forward.conf:14", "a:1"), PLACE, OTHER),
        judged("second", ("conf.d/headers.conf:3",), PLACE, OTHER),
        judged("none", ("a:1",)),
        judged("not asked", ()),
    ]
    said = list(summary(found, 10.0))
    assert "lines         1 of 3 times the one to mend is named first, 2 at all" in said
    assert "OTHER LINE  none: expected a:1, named none" in said


def test_the_first_line_of_each_group_comes_before_all_others() -> None:
    one = verdict(replace(FOUND, places=(PLACE, OTHER)), replace(FOUND, places=(OTHER, PLACE)))
    assert named_lines(one) == ["snippets/forward.conf:14", "conf.d/headers.conf:3"]
