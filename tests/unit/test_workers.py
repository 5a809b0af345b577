"""Gateways are judged by several processes, which end with the one that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from headgate.errors import LabError
from headgate.gate import selftest
from headgate.gate.selftest import Specimen, in_order, judge_corpus
from headgate.gate.workers import Failed, Spent, Tell, judge_all

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Task:
    name: str
    folder: Path
    policy: str


@contextlib.contextmanager
def bench(first: Task, tell: Tell, notes: Path) -> Iterator[Callable[[Task], int]]:
    """Judges by the task's name; notes each time that it is put up and taken down."""
    _note(notes, f"up {first.policy}")
    tell(f"up for {first.name}")
    try:
        yield _judged
    finally:
        _note(notes, f"down {first.policy}")


def _judged(one: Task) -> int:
    if one.name == "stumbles":
        raise ValueError("no such thing")
    if one.name == "has no lab":
        raise LabError("the node world is lost")
    if one.name == "is the last":
        raise Spent(os.getpid())
    if one.name == "dies":
        os._exit(3)
    if one.name == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if one.name == "hangs":
        with (one.folder / "hanging").open("w") as told:
            told.write("now")
        signal.pause()
    return os.getpid()


def _note(notes: Path, word: str) -> None:
    with notes.open("a") as file:
        file.write(f"{word}\n")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def tasks(folder: Path, *names: str, policy: str = "one") -> list[Task]:
    return [Task(name, folder, policy) for name in names]


def policy_of(task: Task) -> str:
    return task.policy


def test_each_is_judged_once_and_all_processes_have_a_part(tmp_path: Path, notes: Path) -> None:
    names = [f"gateway{number}" for number in range(8)]
    judged = list(judge_all(tasks(tmp_path, *names), 2, partial(bench, notes=notes)))
    assert sorted(one.name for one, _ in judged) == names
    assert len({answer for _, answer in judged}) == 2
    assert notes.read_text().count("up one") == 2
    assert notes.read_text().count("down one") == 2


def test_another_policy_takes_another_bench(tmp_path: Path, notes: Path) -> None:
    mixed = [*tasks(tmp_path, "a", "b"), *tasks(tmp_path, "c", "d", policy="two")]
    judged = judge_all(mixed[::2] + mixed[1::2], 1, partial(bench, notes=notes), alike=policy_of)
    assert [one.name for one, _ in judged] == ["a", "b", "c", "d"]
    assert notes.read_text().split("\n") == ["up one", "down one", "up two", "down two", ""]


def test_there_are_no_more_processes_than_gateways(tmp_path: Path, notes: Path) -> None:
    assert len(list(judge_all(tasks(tmp_path, "a"), 4, partial(bench, notes=notes)))) == 1
    assert notes.read_text() == "up one\ndown one\n"


def test_what_a_bench_tells_is_heard_with_the_name_that_it_is_about(
    tmp_path: Path, notes: Path
) -> None:
    heard: list[tuple[str, str]] = []
    judging = judge_all(
        tasks(tmp_path, "a", "b"),
        1,
        partial(bench, notes=notes),
        heard=lambda name, phase: heard.append((name, phase)),
    )
    assert len(list(judging)) == 2
    assert heard == [("a", "up for a")]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("stumbles", "ValueError: no such thing"),
        ("has no lab", "the node world is lost"),
        ("dies", "the process that judged it ended unasked, with status 3"),
        ("is killed", "the process that judged it was killed by SIGKILL"),
    ],
)
def test_one_that_fails_its_worker_costs_no_others_verdict(
    tmp_path: Path, notes: Path, name: str, why: str
) -> None:
    names = ["a", name, "b", "c"]
    judged = list(judge_all(tasks(tmp_path, *names), 1, partial(bench, notes=notes)))
    assert [one.name for one, _ in judged] == names
    answers = [answer for _, answer in judged]
    assert answers[1] == Failed(why)
    assert all(isinstance(answer, int) for answer in (answers[0], *answers[2:]))
    assert notes.read_text().count("up one") == 2  # what failed is not judged on again


def test_a_bench_that_is_spent_has_answered_and_is_put_up_anew(tmp_path: Path, notes: Path) -> None:
    names = ["a", "is the last", "b"]
    judged = list(judge_all(tasks(tmp_path, *names), 1, partial(bench, notes=notes)))
    assert all(isinstance(answer, int) for _, answer in judged)
    assert notes.read_text() == "up one\ndown one\n" * 2


def specimens(folder: Path, *names: str, policy: str = "one") -> list[Specimen]:
    path = folder / policy
    path.write_text(policy)
    return [Specimen(name, folder, path, "") for name in names]


def test_rare_policies_and_sound_gateways_come_first(tmp_path: Path) -> None:
    common = specimens(tmp_path, "a", "b", "c")
    faulty = [replace(common[0], kinds=("leak",)), *common[1:]]
    rare = specimens(tmp_path, "d", "e", policy="two")
    assert [one.name for one in in_order([*faulty, *rare])] == ["d", "e", "b", "c", "a"]


def test_a_worker_that_fails_fails_the_selftest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "_bench", no_bench)
    with pytest.raises(LabError, match="a: ValueError: no bench with s"):
        list(judge_corpus(specimens(tmp_path, "a"), 2, "s"))


def no_bench(
    first: Specimen, tell: Tell, seed: str, engine: str | None
) -> contextlib.AbstractContextManager[None]:
    raise ValueError(f"no bench with {seed}")


def test_whoever_stops_in_the_middle_leaves_nothing(tmp_path: Path, notes: Path) -> None:
    hanging = tmp_path / "hanging"
    os.mkfifo(hanging)
    judging = judge_all(tasks(tmp_path, "a", "hangs"), 2, partial(bench, notes=notes))
    next(judging)
    assert hanging.read_text() == "now"
    judging.close()
    assert sorted(notes.read_text().split()) == sorted(["up", "one", "down", "one"] * 2)


# Whoever was started in the background of a shell has been told to ignore Ctrl-C.
_HANGING = """
import signal
import sys
from functools import partial
from pathlib import Path
from tests.unit.test_workers import bench, tasks
from headgate.gate.workers import judge_all

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(sys.argv[1])
    hanging = tasks(folder, "hangs")
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
