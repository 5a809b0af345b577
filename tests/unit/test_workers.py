"""A corpus is judged by several processes, which end with the one that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from headgate.errors import LabError
from headgate.gate.selftest import Judged, Specimen
from headgate.gate.workers import Judge, judge_all
from headgate.verdict import APPROVED, Verdict

TOP = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def bench(policy: Path, notes: Path) -> Iterator[Judge]:
    """Judges by the specimen's name; notes each time that it is put up and taken down."""
    _note(notes, f"up {policy.name}")
    try:
        yield _judged
    finally:
        _note(notes, f"down {policy.name}")


def _judged(one: Specimen) -> Judged:
    if one.name == "stumbles":
        raise ValueError("no such thing")
    if one.name == "dies":
        os._exit(3)
    if one.name == "hangs":
        with (one.candidate / "hanging").open("w") as told:
            told.write("now")
        signal.pause()
    return Judged(one, Verdict(one.name, "", APPROVED, str(os.getpid())))


def _note(notes: Path, word: str) -> None:
    with notes.open("a") as file:
        file.write(f"{word}\n")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def specimens(folder: Path, *names: str, policy: str = "one") -> list[Specimen]:
    path = folder / policy
    path.write_text(policy)
    return [Specimen(name, folder, path, "") for name in names]


def test_each_is_judged_once_and_all_processes_have_a_part(tmp_path: Path, notes: Path) -> None:
    names = [f"gateway{number}" for number in range(8)]
    judged = list(judge_all(specimens(tmp_path, *names), 2, partial(bench, notes=notes)))
    assert sorted(one.specimen.name for one in judged) == names
    assert len({one.verdict.reason for one in judged}) == 2
    assert notes.read_text().count("up one") == 2
    assert notes.read_text().count("down one") == 2


def test_another_policy_takes_another_bench(tmp_path: Path, notes: Path) -> None:
    both = specimens(tmp_path, "a", "b") + specimens(tmp_path, "c", "d", policy="two")
    assert len(list(judge_all(both, 1, partial(bench, notes=notes)))) == 4
    assert notes.read_text().split("\n") == ["up one", "down one", "up two", "down two", ""]


def test_rare_policies_and_sound_gateways_come_first(tmp_path: Path, notes: Path) -> None:
    common = specimens(tmp_path, "a", "b", "c")
    faulty = [replace(common[0], kinds=("leak",)), *common[1:]]
    rare = specimens(tmp_path, "d", "e", policy="two")
    judged = judge_all([*faulty, *rare], 1, partial(bench, notes=notes))
    assert [one.specimen.name for one in judged] == ["d", "e", "b", "c", "a"]


def test_there_are_no_more_processes_than_gateways(tmp_path: Path, notes: Path) -> None:
    assert len(list(judge_all(specimens(tmp_path, "a"), 4, partial(bench, notes=notes)))) == 1
    assert notes.read_text() == "up one\ndown one\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stumbles", "stumbles: ValueError: no such thing"),
        ("dies", "a process of the selftest ended unasked"),
    ],
)
def test_a_worker_that_fails_fails_the_selftest(
    tmp_path: Path, notes: Path, name: str, words: str
) -> None:
    with pytest.raises(LabError, match=words):
        list(judge_all(specimens(tmp_path, "a", name), 2, partial(bench, notes=notes)))


def test_whoever_stops_in_the_middle_leaves_nothing(tmp_path: Path, notes: Path) -> None:
    hanging = tmp_path / "hanging"
    os.mkfifo(hanging)
    judging = judge_all(specimens(tmp_path, "a", "hangs"), 2, partial(bench, notes=notes))
    next(judging)
    assert hanging.read_text() == "now"
    judging.close()  # type: ignore[attr-defined]
    assert sorted(notes.read_text().split()) == sorted(["up", "one", "down", "one"] * 2)


# Whoever was started in the background of a shell has been told to ignore Ctrl-C.
_HANGING = """
import signal
import sys
from functools import partial
from pathlib import Path
from tests.unit.test_workers import bench, specimens
from headgate.gate.workers import judge_all

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(sys.argv[1])
    hanging = specimens(folder, "hangs")
    list(judge_all(hanging, 1, partial(bench, notes=folder / "notes")))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_process_that_started_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    script = tmp_path / "hanging.py"
    script.write_text(_HANGING)
    hanging = tmp_path / "hanging"
    os.mkfifo(hanging)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TOP), str(TOP / "src")])}
    command = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout
        assert hanging.read_text() == "now"
        began = time.monotonic()
        process.send_signal(number)
        assert process.stdout.read() == b""  # it ends when the last one that could write to it has
        assert time.monotonic() - began < 15
