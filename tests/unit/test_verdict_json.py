"""`verdict.json` while a run goes on: what is known stands in it, in the order of the list."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from tests.unit.test_terminal import LEAK

from headgate.errors import HeadgateError
from headgate.reports.verdict_json import VerdictFile
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED, Verdict, as_json

NAMES = [Path("a"), Path("b"), Path("c")]


def words(path: Path) -> list[str]:
    return [one["verdict"] for one in json.loads(path.read_text())["candidates"]]


def test_before_the_first_verdict_none_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_text('{"candidates": [{"verdict": "approved"}]}')
    VerdictFile(path, NAMES)
    found = json.loads(path.read_text())["candidates"]
    assert [one["candidate"] for one in found] == ["a", "b", "c"]
    assert {one["verdict"] for one in found} == {NOT_JUDGED}
    assert {one["reason"] for one in found} == {"the run ended before this candidate was judged"}


def test_each_verdict_stands_in_its_candidates_place_as_soon_as_it_is_known(
    tmp_path: Path,
) -> None:
    path = tmp_path / "verdict.json"
    file = VerdictFile(path, NAMES)
    file._rest_until = 0  # however slow this machine is
    file.take(2, Verdict("c", "", APPROVED, ""))
    assert words(path) == [NOT_JUDGED, NOT_JUDGED, APPROVED]
    file._rest_until = 0
    file.take(0, Verdict("a", "", REJECTED, ""))
    assert words(path) == [REJECTED, NOT_JUDGED, APPROVED]


def test_it_is_what_the_contract_has(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    verdicts = [
        Verdict("a", "sha256:a", REJECTED, "“why”\n", (LEAK,), notes=("one", "two")),
        Verdict("b", "sha256:b", APPROVED, "", environment={"engine": "none"}),
    ]
    VerdictFile(path, []).write(verdicts)
    assert json.loads(path.read_text()) == json.loads(json.dumps(as_json(verdicts)))
    shard = {"index": 1, "count": 2, "candidates": ["a"], "policy": ""}
    VerdictFile(path, [], shard)
    assert json.loads(path.read_text()) == {"shard": shard, "candidates": []}


def test_nothing_else_stays_in_the_folder_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("verdict.json")
    VerdictFile(tmp_path / "link.json", NAMES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "verdict.json"]
    assert (tmp_path / "link.json").is_symlink()


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    VerdictFile(pipe, NAMES)
    reader.join()
    assert len(json.loads(read[0])["candidates"]) == 3


def test_where_it_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "verdict.json"
    with pytest.raises(HeadgateError) as caught:
        VerdictFile(path, NAMES)
    assert str(caught.value) == f"{path}: cannot be written: No such file or directory"
