"""The published schema of verdict.json: what Headgate writes is valid, what is wrong is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.unit.bundles import LEAK, verdict_of

from headgate import resources
from headgate.cli import main
from headgate.disclosure import RULES
from headgate.verdict import APPROVED, EXIT, NOT_JUDGED, REJECTED, Verdict, as_json

SCHEMA = json.loads(resources.schema().read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

SOUND = [
    verdict_of(APPROVED),
    verdict_of(REJECTED, LEAK),
    verdict_of(REJECTED, reason="“A visit” does not hold"),
    Verdict("missing", "", NOT_JUDGED, "there is no such directory"),
]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_what_is_written_is_valid() -> None:
    VALIDATOR.validate(json.loads(json.dumps(as_json(SOUND))))


def test_every_word_of_the_contract_is_in_it() -> None:
    definitions = SCHEMA["$defs"]
    assert set(definitions["finding"]["properties"]["kind"]["enum"]) == set(RULES)
    assert set(definitions["candidate"]["properties"]["verdict"]["enum"]) == set(EXIT)
    (written,) = as_json([verdict_of(REJECTED, LEAK)])["candidates"]
    assert set(definitions["candidate"]["properties"]) >= set(written)
    assert set(definitions["finding"]["properties"]) >= set(written["findings"][0])


def change(**to: Any) -> Callable[[dict[str, Any]], None]:
    return lambda one: one.update(to)


def change_finding(**to: Any) -> Callable[[dict[str, Any]], None]:
    return lambda one: one["findings"][0].update(to)


@pytest.mark.parametrize(
    ("at", "broken"),
    [
        (0, change(verdict="fine")),
        (0, change(digest="sha256:12")),
        (0, change(digest="")),
        (0, change(requests=0)),
        (0, change(findings=[{}])),
        (0, change(seed="")),
        (0, change(reason="")),
        (0, change(seconds="1")),
        (0, change(environment={"kernel": 6})),
        (0, lambda one: one.pop("findings")),
        (1, change_finding(kind="odd")),
        (1, change_finding(rule=6)),
        (1, change_finding(count=0)),
        (1, lambda one: one["findings"][0].pop("where")),
    ],
)
def test_what_is_wrong_is_refused(at: int, broken: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads(json.dumps(as_json([SOUND[at]])))
    broken(told["candidates"][0])
    assert not VALIDATOR.is_valid(told)


def test_no_candidate_is_no_verdict() -> None:
    assert not VALIDATOR.is_valid({"candidates": []})


def test_an_approval_with_findings_is_none() -> None:
    assert not VALIDATOR.is_valid(as_json([verdict_of(APPROVED, LEAK)]))


def test_readers_may_meet_what_is_new() -> None:
    told = as_json(SOUND)
    told["candidates"][0]["what is new"] = []
    assert VALIDATOR.is_valid(json.loads(json.dumps(told)))
