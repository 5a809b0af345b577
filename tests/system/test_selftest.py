"""`headgate selftest` judges on every core, and leaves nothing however it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Sequence
from pathlib import Path

import docker
import pytest
from tests.system.runs import Run

from headgate.engines.docker_engine import SESSION_LABEL

WITHIN = 20.0  # seconds, from a signal to a clean machine, even on a busy one
FAULTY = (
    "imsi-to-everyone",
    "map-default-permits",
    "md5-of-the-number",
    "number-in-hex",
    "only-reads-and-posts",
    "digits-backwards",
)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_selftest_that_is_ended_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with (
        contextlib.closing(docker.from_env(timeout=60)) as client,
        Run(tmp_path, ["selftest", *FAULTY, "--jobs", "2"]) as run,
    ):
        run.until("1 of 6")
        reapers = run.workers_reapers()
        assert len(reapers) == 2
        awaited = [os.pidfd_open(pid) for pid, _ in reapers]
        run.send(number)
        assert run.exit() == status, run.said
        assert all_ended(awaited)
        for _, session in reapers:
            label = f"{SESSION_LABEL}={session}"
            assert not client.containers.list(all=True, filters={"label": label})


def all_ended(processes: Sequence[int]) -> bool:
    """Wait for the ends of these processes, each for a while."""
    return all(select.select([one], [], [], WITHIN)[0] for one in processes)
