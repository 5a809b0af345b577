"""The manifest for Kubernetes, carried out by hand: each pod as a process with its variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.system.runs import CANDIDATES, LONGEST, SHORT, TOP, verdicts

from headgate.verdict import APPROVED, NOT_JUDGED

JUDGED = {"a-sound": "tells-nobody", "b-broken": "unknown-directive"}
DESERVED = {"a-sound": APPROVED, "b-broken": NOT_JUDGED}

Job = Mapping[str, Any]


@pytest.fixture(scope="module")
def jobs() -> Mapping[str, Job]:
    documents = yaml.safe_load_all((TOP / "docs" / "kubernetes-job.yaml").read_text())
    return {one["metadata"]["labels"]["step"]: one["spec"] for one in documents}


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    for name, candidate in JUDGED.items():
        shutil.copytree(CANDIDATES / candidate, tmp_path / "gateway" / "candidates" / name)
    shutil.copy(SHORT, tmp_path / "gateway" / "policy.yaml")
    (tmp_path / "verdicts").mkdir()
    return tmp_path


def carried_out(job: Job, volumes: Path, index: int) -> subprocess.CompletedProcess[str]:
    """The pod of one index: its command with its variables, and its volumes in a folder."""
    (container,) = job["template"]["spec"]["containers"]
    words = [*container["command"], *container["args"]]
    for mount in container["volumeMounts"]:
        place = mount["mountPath"]
        words = [word.replace(f"{place}/", f"{volumes}{place}/") for word in words]
    told = {one["name"]: one["value"] for one in container.get("env", [])}
    told.pop("DOCKER_HOST", None)  # the engine here is the machine's own
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **told, "JOB_COMPLETION_INDEX": str(index), "PATH": path}
    return subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )


def test_the_pods_judge_what_is_theirs_and_the_merge_has_it_all(
    jobs: Mapping[str, Job], volumes: Path
) -> None:
    """There are three pods for two candidates: one has nothing to do, which approves nothing."""
    check, merge = jobs["check"], jobs["merge"]
    assert (check["completionMode"], check["completions"]) == ("Indexed", 3)
    ended = [carried_out(check, volumes, index) for index in range(check["completions"])]
    assert [one.returncode for one in ended] == [0, 2, 0], [one.stderr for one in ended]
    assert ended[2].stdout == "shard 3/3 of 2 candidates is empty: nothing was judged\n"
    joined = carried_out(merge, volumes, 0)
    assert joined.returncode == 2, joined.stderr
    found = verdicts(volumes / "verdicts" / "verdict.json")
    assert {Path(one["candidate"]).name: one["verdict"] for one in found} == DESERVED
    (volumes / "verdicts" / "2.json").unlink()
    refused = carried_out(merge, volumes, 0)
    assert refused.returncode == 2
    assert "shard 3 of 3 is missing" in refused.stderr
    assert json.loads((volumes / "verdicts" / "verdict.json").read_text()) == {"candidates": []}
