"""`headgate watch` as a person runs it beside an editor."""

from __future__ import annotations

import contextlib
import shutil
import signal
from pathlib import Path

import docker
from tests.system.runs import CANDIDATES, SHORT, DockerWatch, Run

WAITING = "waiting for a save"


def waits(run: Run, times: int) -> None:
    run.until_count(WAITING, times)


def test_what_a_save_changes_is_shown_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    candidate, policy = tmp_path / "candidate", tmp_path / "policy.yaml"
    shutil.copytree(CANDIDATES / "tells-nobody", candidate)
    shutil.copy(SHORT, policy)
    config = candidate / "nginx.conf"
    sound = config.read_text()
    with (
        contextlib.closing(docker.from_env(timeout=60)) as client,
        Run(tmp_path, ["watch", candidate, "--policy", policy, "--engine", "docker"]) as run,
        contextlib.closing(DockerWatch(client, run)) as watch,
    ):
        waits(run, 1)
        watch.look()
        assert f"{candidate}: approved (" in run.said
        config.write_text(sound.replace("proxy_set_header", "proxy_set_haeder", 1))
        waits(run, 2)
        assert f"{candidate}: not-judged, and was approved (" in run.said
        assert 'unknown directive "proxy_set_haeder"' in run.said
        config.write_text(sound)
        waits(run, 3)
        assert f"{candidate}: approved, and was not-judged (" in run.said
        assert run.said.count("putting up the lab") == 1
        policy.write_text(policy.read_text().replace("required", "not-required"))
        waits(run, 4)
        assert f"{candidate}: approved as before (" in run.said
        assert run.said.count("putting up the lab") == 2
        watch.look()
        run.send_to_group(signal.SIGINT)
        assert run.exit() == 130, run.said
        assert run.said.splitlines()[-1] == "headgate: watching no more"
        assert "Traceback" not in run.said
        assert watch.await_reaper(20)
        assert not watch.left().containers
        assert not watch.left().processes
