"""However a run ends, nothing of it is left: no container, namespace, process or temporary file."""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from tests.system.runs import CANDIDATES, SHORT, Left, Run, Watch, verdicts

from headgate.verdict import NOT_JUDGED

SEED = 20120110
KILLS = 10
# Runs at a time: a run that is killed leaves the processors to the others.
BESIDE = 3
WITHIN = 5.0  # seconds, from a SIGKILL to a clean machine

NOTHING = Left((), (), (), ())
SOUND = CANDIDATES / "sound-header"


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.from_env(timeout=60)) as opened:
        yield opened


@dataclass(frozen=True)
class Moment:
    """A point of a run: so many seconds after its so-manieth line."""

    lines: int
    seconds: float


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Moment]:
    """Ten random moments between the first thing that a whole run does and its last."""
    with checked(tmp_path_factory.mktemp("whole")) as run:
        assert run.exit() == 0, run.said
        end = run.seconds
        times = [at for at, line in run.lines if line.startswith("headgate: ")]
    rng = random.Random(SEED)
    width = (end - times[0]) / KILLS
    return [_moment(times, times[0] + (number + rng.random()) * width) for number in range(KILLS)]


def _moment(times: Sequence[float], at: float) -> Moment:
    lines = sum(time <= at for time in times)
    return Moment(lines, at - times[lines - 1])


def checked(folder: Path, *more: str | Path) -> Run:
    return Run(folder, ["check", SOUND, *more, "--policy", SHORT])


def test_after_ten_kills_at_random_moments_nothing_is_left(
    client: docker.DockerClient, moments: Sequence[Moment], tmp_path: Path
) -> None:
    """Without a next run, and within five seconds."""
    with ThreadPoolExecutor(BESIDE) as beside:
        after = beside.map(lambda moment: _killed(client, tmp_path, moment), moments)
        left = list(after)
    assert len(left) == KILLS
    assert [one for one in left if one != NOTHING] == []


def _killed(client: docker.DockerClient, folder: Path, moment: Moment) -> Left:
    with checked(folder) as run:
        run.until_line(moment.lines)
        run.linger(moment.seconds)
        return _left_after(client, run, lambda: run.send(signal.SIGKILL))


def _left_after(client: docker.DockerClient, run: Run, kill: Callable[[], object]) -> Left:
    watch = Watch(client, run)
    try:
        watch.look()
        kill()
        run.exit()
        watch.await_reaper(WITHIN)
        return watch.left()
    finally:
        watch.close()


def test_killing_the_whole_process_group_leaves_nothing(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    with checked(tmp_path) as run:
        run.until("headgate: starting")
        left = _left_after(client, run, lambda: run.send_to_group(signal.SIGKILL))
    assert left == NOTHING


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
@pytest.mark.parametrize("words", ["putting up the lab", "as a control", "no number is left"])
def test_an_interrupted_run_ends_soon_and_leaves_nothing(
    client: docker.DockerClient, tmp_path: Path, number: signal.Signals, status: int, words: str
) -> None:
    json = tmp_path / "verdict.json"
    with checked(tmp_path, CANDIDATES / "sound-file", "--json", json) as run:
        run.until(words)
        left = _left_after(client, run, lambda: run.send_to_group(number))
    assert run.exit() == status, run.said
    assert "headgate: interrupted; nothing was judged to its end" in run.said
    assert "Traceback" not in run.said
    assert left == NOTHING
    assert [one["verdict"] for one in verdicts(json)] == [NOT_JUDGED, NOT_JUDGED]


@pytest.mark.parametrize(
    ("candidate", "status"), [("sound-header", 0), ("number-in-syslog", 1), ("ends-at-once", 2)]
)
def test_a_run_that_ends_by_itself_leaves_nothing(
    client: docker.DockerClient, tmp_path: Path, candidate: str, status: int
) -> None:
    with Run(tmp_path, ["check", CANDIDATES / candidate, "--policy", SHORT]) as run:
        run.until("headgate: starting")
        left = _left_after(client, run, run.exit)
    assert run.exit() == status, run.said
    assert left == NOTHING


@pytest.mark.parametrize("role", ["world", "handsets", "cabler"])
def test_a_node_that_is_lost_is_no_verdict_on_anyone(
    client: docker.DockerClient, tmp_path: Path, role: str
) -> None:
    json = tmp_path / "verdict.json"
    with (
        checked(tmp_path, CANDIDATES / "sound-file", "--json", json) as run,
        contextlib.closing(Watch(client, run)) as watch,
    ):
        run.until("headgate: starting")
        watch.look()
        watch.container(role).kill()
        assert run.exit() == 2, run.said
        first, second = verdicts(json)
        watch.await_reaper(WITHIN)
        assert watch.left() == NOTHING
    assert [first["verdict"], second["verdict"]] == [NOT_JUDGED, NOT_JUDGED]
    assert first["reason"].startswith(f"the node {role} has gone")
    assert second["reason"].startswith(f"the node {role} has gone")
    assert "Traceback" not in run.said
