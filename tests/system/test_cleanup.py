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
from tests.system.conftest import BOTH
from tests.system.runs import CANDIDATES, SHORT, Left, Run, SandboxWatch, verdicts, watch

from headgate.engines.choice import SANDBOX
from headgate.verdict import NOT_JUDGED

SEED = 20120110
KILLS = 10
# Runs at a time, each with two labs: one that is killed leaves the processors to the others.
BESIDE = 2
WITHIN = 5.0  # seconds, from a SIGKILL to a clean machine
SOON = 20.0  # seconds, from Ctrl-C to a clean machine, even on a busy one

Send = Callable[[Run, signal.Signals], None]

NOTHING = Left((), (), (), ())
SOUND = CANDIDATES / "tells-nobody"


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.from_env(timeout=60)) as opened:
        yield opened


@dataclass(frozen=True)
class Moment:
    """A point of a run: so many seconds after its so-manieth line."""

    lines: int
    seconds: float


@dataclass(frozen=True)
class Whole:
    """A run that nobody disturbed: when it said what, how it ended and what it left."""

    times: Sequence[float]
    seconds: float
    status: int
    left: Left


@dataclass(frozen=True)
class Place:
    """An engine that runs are started on and looked for."""

    engine: str
    client: docker.DockerClient

    def checked(self, folder: Path, *more: str | Path) -> Run:
        return self.run(folder, SOUND, *more)

    def run(self, folder: Path, *words: str | Path) -> Run:
        return Run(folder, ["check", *words, "--policy", SHORT, "--engine", self.engine])

    def left_after(self, run: Run, kill: Callable[[], object]) -> Left:
        following = watch(self.engine, self.client, run)
        try:
            following.look()
            kill()
            following.look()  # it may have gone on for a moment
            run.exit()
            following.await_reaper(WITHIN)
            return following.left()
        finally:
            following.close()


@pytest.fixture(scope="module", params=BOTH)
def place(request: pytest.FixtureRequest, client: docker.DockerClient) -> Place:
    return Place(request.param, client)


@pytest.fixture(scope="module")
def whole(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    with place.checked(tmp_path_factory.mktemp("whole")) as run:
        run.until(" s  starting")
        left = place.left_after(run, run.exit)
        times = [at for at, line in run.lines if line.startswith("headgate: ")]
        return Whole(times, run.seconds, run.exit(), left)


def moments(whole: Whole) -> Sequence[Moment]:
    """Ten random moments between the first thing that a whole run does and its last."""
    rng = random.Random(SEED)
    start = whole.times[0]
    width = (whole.seconds - start) / KILLS
    return [_moment(whole.times, start + (k + rng.random()) * width) for k in range(KILLS)]


def _moment(times: Sequence[float], at: float) -> Moment:
    lines = sum(time <= at for time in times)
    return Moment(lines, at - times[lines - 1])


def test_after_ten_kills_at_random_moments_nothing_is_left(
    place: Place, whole: Whole, tmp_path: Path
) -> None:
    """Without a next run, and within five seconds."""
    with ThreadPoolExecutor(BESIDE) as beside:
        after = beside.map(lambda moment: _killed(place, tmp_path, moment), moments(whole))
        left = list(after)
    assert len(left) == KILLS
    assert [one for one in left if one != NOTHING] == []


def _killed(place: Place, folder: Path, moment: Moment) -> Left:
    with place.checked(folder) as run:
        run.until_line(moment.lines)
        run.linger(moment.seconds)
        return place.left_after(run, lambda: run.send(signal.SIGKILL))


def test_killing_the_whole_process_group_leaves_nothing(place: Place, tmp_path: Path) -> None:
    with place.checked(tmp_path) as run:
        run.until(" s  starting")
        left = place.left_after(run, lambda: run.send_to_group(signal.SIGKILL))
    assert left == NOTHING


FIRST = " s  putting up the lab"
# By then the candidate is running, and there is much to come.
MIDWAY = " s  A handset that nobody holds cannot make itself a number"
INTERRUPTED = "headgate: interrupted; nothing was judged to its end"


@pytest.mark.parametrize(
    ("number", "status", "to", "words"),
    [
        (signal.SIGINT, 130, Run.send_to_group, FIRST),
        (signal.SIGINT, 130, Run.send_to_group, MIDWAY),
        (signal.SIGINT, 130, Run.send, MIDWAY),
        (signal.SIGTERM, 143, Run.send, FIRST),
        (signal.SIGTERM, 143, Run.send_to_group, MIDWAY),
    ],
)
def test_an_interrupted_run_ends_soon_and_leaves_nothing(
    place: Place,
    tmp_path: Path,
    number: signal.Signals,
    status: int,
    to: Send,
    words: str,
) -> None:
    json = tmp_path / "verdict.json"
    second = CANDIDATES / "sound-file"
    with place.checked(tmp_path, second, "--json", json, "--jobs", "1") as run:
        run.until(words)
        said = run.seconds
        left = place.left_after(run, lambda: to(run, number))
        assert run.seconds - said < SOON
    assert run.exit() == status, run.said
    assert _words_of_the_end(run) == [INTERRUPTED]
    assert left == NOTHING
    assert [one["verdict"] for one in verdicts(json)] == [NOT_JUDGED, NOT_JUDGED]


def test_an_interrupted_run_does_not_wait_for_a_sandbox_that_hangs(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    place = Place(SANDBOX, client)
    with (
        place.checked(tmp_path) as run,
        contextlib.closing(SandboxWatch(run)) as following,
    ):
        run.until(MIDWAY)
        following.look()
        assert following.left().namespaces
        following.stop_launcher()
        said = run.seconds
        run.send(signal.SIGINT)
        assert run.exit() == 130, run.said
        assert run.seconds - said < SOON
        following.await_reaper(WITHIN)
        assert following.left() == NOTHING


def _words_of_the_end(run: Run) -> list[str]:
    """What a run said last, from the line on that tells of its interruption, or all of it."""
    lines = [line for _, line in run.lines]
    return lines[lines.index(INTERRUPTED) :] if INTERRUPTED in lines else lines


@pytest.mark.parametrize("words", [FIRST, MIDWAY])
@pytest.mark.parametrize("apart", [0.0, 0.2])
def test_pressing_ctrl_c_twice_leaves_nothing(
    place: Place, tmp_path: Path, words: str, apart: float
) -> None:
    """Whether the second one is taken for the first, or breaks into the clean-up."""

    def press_twice() -> None:
        run.send_to_group(signal.SIGINT)
        run.linger(apart)
        run.send_to_group(signal.SIGINT)

    json = tmp_path / "verdict.json"
    with place.checked(tmp_path, "--json", json) as run:
        run.until(words)
        left = place.left_after(run, press_twice)
    assert run.exit() == 130, run.said
    assert _words_of_the_end(run) == [INTERRUPTED]
    assert left == NOTHING
    assert [one["verdict"] for one in verdicts(json)] == [NOT_JUDGED]


def test_a_run_that_succeeds_leaves_nothing(whole: Whole) -> None:
    assert (whole.status, whole.left) == (0, NOTHING)


def test_a_run_that_fails_leaves_nothing(place: Place, tmp_path: Path) -> None:
    with place.run(tmp_path, CANDIDATES / "ends-at-once") as run:
        run.until(" s  starting")
        left = place.left_after(run, run.exit)
    assert (run.exit(), left) == (2, NOTHING)


@pytest.mark.parametrize("role", ["world", "handsets", "cabler"])
def test_a_node_that_is_lost_is_no_verdict_on_anyone(
    place: Place, tmp_path: Path, role: str
) -> None:
    json = tmp_path / "verdict.json"
    with (
        place.checked(tmp_path, CANDIDATES / "sound-file", "--json", json, "--jobs", "1") as run,
        contextlib.closing(watch(place.engine, place.client, run)) as following,
    ):
        run.until(MIDWAY)
        following.look()
        following.kill(role)
        assert run.exit() == 2, run.said
        first, second = verdicts(json)
        following.await_reaper(WITHIN)
        assert following.left() == NOTHING
    assert [first["verdict"], second["verdict"]] == [NOT_JUDGED, NOT_JUDGED]
    assert first["reason"].startswith(f"the node {role} is lost")
    assert second["reason"].startswith(f"the node {role} is lost")
    assert "Traceback" not in run.said


def test_a_gateway_whose_container_is_lost_is_not_judged(place: Place, tmp_path: Path) -> None:
    json = tmp_path / "verdict.json"
    with (
        place.checked(tmp_path, "--json", json, "--jobs", "1") as run,
        contextlib.closing(watch(place.engine, place.client, run)) as following,
    ):
        run.until(MIDWAY)
        following.look()
        following.kill("gateway")
        assert run.exit() == 2, run.said
        following.await_reaper(WITHIN)
        assert following.left() == NOTHING
    (verdict,) = verdicts(json)
    assert (verdict["verdict"], verdict["reason"]) == (
        NOT_JUDGED,
        "the gateway's container has gone",
    )
    assert "Traceback" not in run.said
