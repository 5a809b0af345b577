"""Several candidates in one call: on every core, in the order in which they are ready, and nothing
lost or left however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.system.runs import CANDIDATES, SHORT, Run, parent, verdicts
from tests.system.test_selftest import all_ended

from headgate.engines.docker_engine import SESSION_LABEL
from headgate.verdict import APPROVED, NOT_JUDGED

SOUND = CANDIDATES / "tells-nobody"
BROKEN = CANDIDATES / "unknown-directive"

ENDED = "the run ended before this candidate was judged"


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.from_env(timeout=60)) as opened:
        yield opened


def many(folder: Path, *candidates: Path | str) -> Run:
    words = ["check", *candidates, "--policy", SHORT, "--json", folder / "verdict.json"]
    return Run(folder, [*words, "--jobs", "2"])


def assert_nothing_left(client: docker.DockerClient, sessions: list[str]) -> None:
    for session in sessions:
        label = f"{SESSION_LABEL}={session}"
        assert not client.containers.list(all=True, filters={"label": label})


def test_verdicts_are_told_when_they_are_ready_and_listed_in_order(tmp_path: Path) -> None:
    with many(tmp_path, SOUND, BROKEN, "missing", SOUND) as run:
        assert run.exit() == 2, run.said
    found = verdicts(tmp_path / "verdict.json")
    assert [one["verdict"] for one in found] == [APPROVED, NOT_JUDGED, NOT_JUDGED, APPROVED]
    assert [one["candidate"] for one in found] == [str(SOUND), str(BROKEN), "missing", str(SOUND)]
    assert len({one["seed"] for one in found if one["requests"]}) == 1
    told = [line for line in run.said.splitlines() if line.endswith((": approved", "judged"))]
    assert sorted(told) == sorted(f"{one['candidate']}: {one['verdict']}" for one in found)
    assert told[-1] == f"{SOUND}: approved"  # what is refused at once does not wait for the first


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_run_that_is_ended_keeps_what_it_knows_and_leaves_nothing(
    tmp_path: Path, client: docker.DockerClient, number: signal.Signals, status: int
) -> None:
    with many(tmp_path, SOUND, "missing", SOUND, SOUND) as run:
        run.until("missing: not-judged")
        run.until("starting")
        reapers = run.workers_reapers()
        awaited = [os.pidfd_open(pid) for pid, _ in reapers]
        send = run.send_to_group if number == signal.SIGINT else run.send
        send(number)
        assert run.exit() == status, run.said
        assert all_ended(awaited)
    assert "Traceback" not in run.said
    assert_nothing_left(client, [session for _, session in reapers])
    found = verdicts(tmp_path / "verdict.json")
    assert found[1]["reason"].startswith("missing: there is no such directory")
    assert {one["reason"] for one in (found[0], *found[2:])} == {ENDED}


def test_a_process_that_dies_costs_the_verdict_on_its_candidate_alone(
    tmp_path: Path, client: docker.DockerClient
) -> None:
    with many(tmp_path, SOUND, SOUND, SOUND) as run:
        run.until("starting")
        (reaper, session), *_ = run.workers_reapers()
        os.kill(parent(reaper), signal.SIGKILL)
        assert run.exit() == 2, run.said
    assert_nothing_left(client, [session])
    found = verdicts(tmp_path / "verdict.json")
    assert sorted(one["verdict"] for one in found) == [APPROVED, APPROVED, NOT_JUDGED]
    (lost,) = (one for one in found if one["verdict"] == NOT_JUDGED)
    assert lost["reason"] == "the process that judged it was killed by SIGKILL"


def test_a_lab_that_is_lost_costs_the_verdict_on_its_candidate_alone(
    tmp_path: Path, client: docker.DockerClient
) -> None:
    with many(tmp_path, SOUND, SOUND, SOUND, SOUND) as run:
        run.until("starting")
        _, session = run.workers_reapers()[0]
        labels = [f"{SESSION_LABEL}={session}", "headgate=world"]
        (world,) = client.containers.list(filters={"label": labels})
        world.kill()
        assert run.exit() == 2, run.said
    found = verdicts(tmp_path / "verdict.json")
    assert [one["verdict"] for one in found].count(APPROVED) == 3
    (lost,) = (one for one in found if one["verdict"] == NOT_JUDGED)
    assert lost["reason"].startswith("the node world is lost")


def test_a_restricted_run_approves_nothing(tmp_path: Path) -> None:
    with Run(tmp_path, ["check", SOUND, "--policy", SHORT, "--family", "ordinary"]) as run:
        assert run.exit() == 2, run.said
    assert f"{SOUND}: not-judged\n  restricted to ordinary: no rule was broken in " in run.said


def test_a_restricted_run_rejects_what_it_finds(tmp_path: Path) -> None:
    leaking = CANDIDATES / "number-in-a-cookie"
    policy = CANDIDATES / "policy.yaml"
    with Run(tmp_path, ["check", leaking, "--policy", policy, "--family", "ordinary"]) as run:
        assert run.exit() == 1, run.said
    assert f"{leaking}: rejected\n" in run.said
    assert "note: restricted to ordinary: there may be more" in run.said
