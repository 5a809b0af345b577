"""All that a run writes, of a gateway that tells numbers in many forms among hostile words: no
number is in it, and nothing that is more than text."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.system.runs import CANDIDATES, SHORT, Run

from headgate.detector import Scanner
from headgate.gate.ground import AGREED, NOBODY, REFUSED, SPARE, STRANGERS
from headgate.population import populate

SEED = "a report"
HOSTILE = "<script>alert(0)</script>\x1b[31m"
# Any number of the range that the lab's are from: those that handsets make up are, too.
_IN_DIGITS = re.compile(rb"(?:44|0)7700 ?900 ?[0-9]{3}(?![0-9])")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Path]]:
    """A run over a sound gateway and the hostile one, whose folder's name is hostile as well."""
    folder = tmp_path_factory.mktemp("run")
    mean = folder / HOSTILE.replace("/", "-")
    shutil.copytree(CANDIDATES / "tells-in-every-form", mean)
    sound = CANDIDATES / "tells-nobody"
    outputs: list[str | Path] = [
        *("--report", folder / "report"),
        *("--json", folder / "verdict.json"),
    ]
    with Run(
        folder, ["check", sound, mean, "--policy", SHORT, "--seed", SEED, *outputs]
    ) as started:
        started.exit()
        yield started, folder


def scanner() -> Scanner:
    """One that knows the numbers of that run's subscribers."""
    people = populate(
        random.Random(f"{SEED} population"),
        agreed=AGREED,
        refused=REFUSED,
        nobody=NOBODY,
        spare=SPARE,
        strangers=STRANGERS,
    )
    return Scanner(people.subscribers)


def written(run: tuple[Run, Path]) -> dict[str, bytes]:
    started, folder = run
    files = [folder / "verdict.json", *(folder / "report").iterdir()]
    return {
        "what it said": started.said.encode(errors="surrogateescape"),
        **{path.name: path.read_bytes() for path in files},
    }


def test_the_gateway_is_rejected_for_what_it_tells(run: tuple[Run, Path]) -> None:
    sound, mean = candidates(run)
    assert sound["verdict"]["verdict"] == "approved", run[0].said
    assert mean["verdict"]["verdict"] == "rejected", run[0].said
    forms = {one["form"] for one in mean["verdict"]["findings"]}
    assert len(forms) >= 5, forms


def candidates(run: tuple[Run, Path]) -> list[dict[str, Any]]:
    found = json.loads((run[1] / "report" / "record.json").read_text())["candidates"]
    assert isinstance(found, list)
    return found


def test_no_number_is_in_anything_that_is_written(run: tuple[Run, Path]) -> None:
    known = scanner()
    for name, data in written(run).items():
        hits = [(hit.form, data[hit.start - 30 : hit.end + 5]) for hit in known.find(data)]
        assert hits == [], name
        assert _IN_DIGITS.findall(data) == [], name


def test_hostile_words_steer_no_terminal_and_are_no_markup(run: tuple[Run, Path]) -> None:
    for name, data in written(run).items():
        assert b"\x1b" not in data, name
        if name.endswith(".html"):
            assert b"<script" not in data
            assert b"<img" not in data


def test_the_record_holds_what_became_of_each_request(run: tuple[Run, Path]) -> None:
    for one in candidates(run):
        cells = one["matrix"]["cells"]
        names = ("number", "nothing", "wrong", "missing", "refused", "unproved")
        counted = sum(cell[name] for cell in cells for name in names)
        assert counted >= one["verdict"]["requests"] > 500
        assert sum(one["traffic"]["modes"].values()) == counted
        assert {family["requests"] > 0 for family in one["families"]} == {True}
        assert all(control["seen"] for control in one["controls"]["negative"])
    sound, mean = candidates(run)
    assert not any(cell["wrong"] for cell in sound["matrix"]["cells"])
    assert sum(cell["wrong"] for cell in mean["matrix"]["cells"]) > 300


def test_every_step_of_every_feature_is_in_the_record(run: tuple[Run, Path]) -> None:
    sound, mean = candidates(run)
    scenarios = [
        scenario
        for feature in sound["features"]
        for rule in feature["rules"]
        for scenario in rule["scenarios"]
    ]
    assert len(scenarios) > 20
    assert {one["ended"] for one in scenarios} == {"passed"}
    assert {step["outcome"] for one in scenarios for step in one["steps"]} == {"passed"}
    assert all(rule["title"] for feature in sound["features"] for rule in feature["rules"])
    assert mean["features"]


def test_a_report_is_under_three_megabytes(run: tuple[Run, Path]) -> None:
    for name, data in written(run).items():
        if name.endswith(".html"):
            assert len(data) < 3 << 20, name
