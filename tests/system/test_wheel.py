"""The wheel, installed where nothing of the checkout is in reach, judges as the checkout does."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.system.runs import LONGEST

TOP = Path(__file__).resolve().parents[2]
SAMPLES = TOP / "gateway_config"

# A policy under which the sample gateways tell far too much: none of the sites that they serve.
STRICT_POLICY = """\
identifier:
  header: x-up-calling-line-id
  value: "{msisdn}"
consent: required
sites:
  - host: billing.carrier.example
    category: premium
"""


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    """What the command printed; its exit status is asserted, with what it printed as the reason."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=outside(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGUSR1)  # it says what it is waiting for
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            said, _ = process.communicate()
            pytest.fail(f"{command} did not end within {LONGEST:.0f} seconds:\n{said[-12000:]}")
    assert process.returncode == expect, said
    return said


def outside() -> Mapping[str, str]:
    """This environment without what would lead Python or pytest back to the checkout."""
    leads_back = ("PYTHON", "PYTEST", "COVERAGE", "VIRTUAL_ENV", "TOX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(leads_back)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=TOP)
    return next(folder.glob("headgate-*.whl"))


@pytest.fixture(scope="module")
def headgate(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment that holds the wheel and what it was locked with."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    uv = Path(sys.executable).with_name("uv")
    into = ("--quiet", "--python", venv / "bin" / "python")
    run(uv, "venv", "--quiet", "--python", sys.executable, venv, cwd=venv.parent)
    locked = TOP / "requirements" / "runtime.txt"
    run(uv, "pip", "install", *into, "--require-hashes", "-r", locked, cwd=venv.parent)
    run(uv, "pip", "install", *into, "--no-deps", "--no-index", wheel, cwd=venv.parent)
    return venv / "bin" / "headgate"


def judged(headgate: Path, candidate: str, policy: str, cwd: Path, expect: int) -> dict[str, Any]:
    """The verdict on a copy of a sample, under a policy of its own, both of them in `cwd`."""
    shutil.copytree(SAMPLES / candidate, cwd / "candidate")
    (cwd / "policy.yaml").write_text(policy)
    command = ("check", "candidate", "--policy", "policy.yaml", "--json", "verdict.json")
    run(headgate, *command, cwd=cwd, expect=expect)
    (verdict,) = json.loads((cwd / "verdict.json").read_text())["candidates"]
    return dict(verdict)


def test_the_wheel_holds_what_lies_at_the_top_level(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    data = {name for name in names if name.startswith("headgate/_data/")}
    assert data == {f"headgate/_data/{path.relative_to(TOP)}" for path in top_level_data()}


def top_level_data() -> Iterator[Path]:
    yield from (TOP / "conftest.py", TOP / "tox.ini")
    for part in ("docker", "features", "gateway_config", "steps", "tests/corpus"):
        files = (path for path in (TOP / part).rglob("*") if path.is_file())
        yield from (path for path in files if path.suffix != ".pyc")


def test_its_help_names_the_commands(headgate: Path, tmp_path: Path) -> None:
    said = run(headgate, "--help", cwd=tmp_path)
    assert "check" in said
    assert "doctor" in said


def test_it_finds_its_own_features_and_not_the_checkouts(headgate: Path, tmp_path: Path) -> None:
    asked = "from headgate import resources; print(resources.root())"
    root = run(headgate.with_name("python"), "-c", asked, cwd=tmp_path).strip()
    assert root.endswith("/site-packages/headgate/_data")
    assert root.startswith(str(headgate.parents[1]))


def test_it_approves_a_sound_gateway_from_another_folder(headgate: Path, tmp_path: Path) -> None:
    policy = (SAMPLES / "policy.yaml").read_text()
    verdict = judged(headgate, "candidates/2012-01-25-fix", policy, tmp_path, expect=0)
    assert (verdict["verdict"], verdict["findings"]) == ("approved", [])


def test_it_rejects_by_the_policy_that_it_was_given(headgate: Path, tmp_path: Path) -> None:
    maintenance = "candidates/2012-01-10-maintenance"
    verdict = judged(headgate, maintenance, STRICT_POLICY, tmp_path, expect=1)
    assert verdict["verdict"] == "rejected"
    assert "leak" in {finding["kind"] for finding in verdict["findings"]}
