"""A run that processes share: the same requests as one of a single process, one verdict on all that
was seen, and none where one of them is lost."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import tarfile
from collections import defaultdict
from pathlib import Path

import pytest
from tests.system.runs import CANDIDATES, SAMPLES, Run, SandboxWatch, verdicts
from tests.system.test_cleanup import NOTHING, WITHIN

RELEASED = SAMPLES / "released"
# How much is sent of these depends on time: on how long a reload takes, on when a fault shows.
_BY_TIME = {"permitted", "ordinary", "compared"}


def checked(folder: Path, candidate: Path, *more: str | Path) -> Run:
    policy = SAMPLES / "policy.yaml"
    words: list[str | Path] = ["check", candidate, "--policy", policy, "--engine", "sandbox"]
    return Run(folder, [*words, "--json", folder / "verdict.json", *more])


def test_who_carries_a_scenario_out_makes_no_difference_to_its_requests(tmp_path: Path) -> None:
    sent = [_sent(tmp_path, jobs) for jobs in ("1", "2")]
    assert sent[0].keys() == sent[1].keys()
    assert len(sent[0]) > 10
    for family, requests in sent[0].items():
        assert requests == sent[1][family], family


def _sent(folder: Path, jobs: str) -> dict[str, set[str]]:
    """The requests of a run with so many processes, by their families."""
    bundle = folder / f"{jobs}.tar"
    with checked(folder, RELEASED, "--seed", "5eed", "--jobs", jobs, "--bundle", bundle) as run:
        assert run.exit() == 0, run.said
    found: dict[str, set[str]] = defaultdict(set)
    with tarfile.open(bundle) as members:
        names = [one for one in members.getnames() if "/exchanges" in one]
        assert len(names) == int(jobs)
        for name in names:
            file = members.extractfile(name)
            assert file
            for line in gzip.decompress(file.read()).splitlines():
                if request := json.loads(line)["request"]:
                    found[request.partition("/")[0]].add(request)
    return {family: requests for family, requests in found.items() if family not in _BY_TIME}


@pytest.mark.parametrize("moment", [" s  putting up the lab", " s  A site whose name resembles"])
def test_a_process_that_dies_leaves_nothing_to_approve(tmp_path: Path, moment: str) -> None:
    with (
        checked(tmp_path, RELEASED, "--jobs", "2") as run,
        contextlib.closing(SandboxWatch(run)) as following,
    ):
        run.until(moment)
        following.look()
        (helper,) = run.helpers()
        os.kill(helper, signal.SIGKILL)
        assert run.exit() == 2, run.said
        assert following.await_reaper(WITHIN)
        assert following.left() == NOTHING
    (verdict,) = verdicts(tmp_path / "verdict.json")
    assert verdict["verdict"] == "not-judged"
    lost = "a part of the run is lost: the process that judged it was killed by SIGKILL"
    assert verdict["reason"] == lost
    assert "Traceback" not in run.said


def test_what_any_of_them_has_seen_is_found_and_explained(tmp_path: Path) -> None:
    with checked(tmp_path, CANDIDATES / "number-in-a-cookie", "--jobs", "2") as run:
        assert run.exit() == 1, run.said
    (verdict,) = verdicts(tmp_path / "verdict.json")
    assert verdict["explanations"], run.said
