"""The same job by Headgate and by its neighbours: `python benchmarks/peers/run.py [RUNS]`.

Prints a table of medians of RUNS (5): wall time, time a check, what each can see, and how each ends
when nothing was checked. A neighbour runs as its own documentation says, in a virtual environment
or a root of its own, below `.cache`; one that no registry has runs where it is on the machine. All
traffic is on loopback, Headgate's in its lab.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from debian import CACHE, environment, unpacked  # noqa: E402
from job import GATEWAY, NGINX, NUMBERS, PERMITTED, Pair, pairs  # noqa: E402
from tools import TOOLS, URL, Tool  # noqa: E402

HERE = Path(__file__).resolve().parent
IMAGE = "headgate/gateway"
FAMILIES = ("permitted", "ordinary")


@dataclass(frozen=True)
class Row:
    """What is printed of a tool: seconds of each run, checks in one, and the exit on nothing."""

    name: str
    seconds: Sequence[float]
    checks: int
    sees: str
    nothing: str


def main(runs: int = 5) -> None:
    with _gateway():
        rows = [row for tool in TOOLS if (row := _neighbour(tool, runs))]
    rows.append(_headgate(runs))
    cores = len(os.sched_getaffinity(0))
    print(f"{datetime.date.today()}, {cores} cores, {platform.system()} {platform.release()}, "  # noqa: DTZ011
          f"Python {platform.python_version()}, medians of {runs}\n")  # fmt: skip
    print("| tool | checks | wall, s | a check, ms | sees | nothing was checked |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        _print(row)


def _print(row: Row) -> None:
    median = statistics.median(row.seconds)
    extremes = f"{min(row.seconds):.2f} to {max(row.seconds):.2f}"
    each = median / row.checks * 1e3
    print(f"| {row.name} | {row.checks} | {median:.2f} ({extremes}) | {each:.2f} "
          f"| {row.sees} | {row.nothing} |")  # fmt: skip


# The neighbours


def _neighbour(tool: Tool, runs: int) -> Row | None:
    found = _environment(tool)
    if found is None:
        print(f"{tool.name}: not on this machine, and in no registry in reach", file=sys.stderr)
        return None
    job = [*pairs()]
    seconds = [_timed(tool, job, found) for _ in range(runs)]
    status, words = _run(tool, [], found)
    said = words.strip().splitlines()
    nothing = f"exit {status}: {said[-1].strip(' =')[:60] if said else 'not a word'}"
    _assert_awake(tool, found)
    return Row(tool.name, seconds, len(job), tool.sees, nothing)


def _timed(tool: Tool, job: Sequence[Pair], found: Mapping[str, str]) -> float:
    started = time.monotonic()
    status, words = _run(tool, job, found)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit(f"{tool.name} ended with {status}:\n{words[-3000:]}")
    return seconds


def _assert_awake(tool: Tool, found: Mapping[str, str]) -> None:
    """A figure is worth something if the job was done: a wrong number has to be seen."""
    status, _ = _run(tool, [Pair(PERMITTED[0], NUMBERS[0], NUMBERS[1])], found)
    if not status:
        raise SystemExit(f"{tool.name} has not seen a wrong number")


def _run(tool: Tool, job: Sequence[Pair], found: Mapping[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryDirectory() as folder:
        tool.write(Path(folder), job)
        done = subprocess.run(
            tool.command,
            cwd=folder,
            env={**found, **tool.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def _environment(tool: Tool) -> Mapping[str, str] | None:
    """The variables with which the tool is found; None where it cannot be had."""
    if tool.packages:
        return environment(unpacked(tool.name, *tool.packages))
    if tool.requirements:
        folder = _virtual(tool)
        return {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return dict(os.environ) if shutil.which(tool.command[0]) else None


def _virtual(tool: Tool) -> Path:
    folder = CACHE / tool.name.replace(" ", "-").replace(",", "")
    if not (folder / "made").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [folder / "bin" / "python", "-m", "pip", "--quiet", "install"]
        subprocess.run([*install, *tool.requirements], check=True, stderr=subprocess.DEVNULL)
        (folder / "made").touch()
    return folder


@contextlib.contextmanager
def _gateway() -> Iterator[None]:
    """The gateway and the origin of all but Headgate, which starts its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nginx.conf").write_text(NGINX)
        shutil.copy(HERE / "candidate" / "permitted.conf", folder)
        command = ["docker", "run", "--rm", "--network", "host", "--volume", f"{folder}:/peers:ro"]
        nginx = ["nginx", "-c", "/peers/nginx.conf", "-g", "daemon off;"]
        with subprocess.Popen([*command, "--interactive", IMAGE, *nginx]) as process:
            try:
                _await_answer(process)
                yield
            finally:
                process.terminate()


def _await_answer(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(URL, timeout=1):
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {GATEWAY}")


# Headgate


def _headgate(runs: int) -> Row:
    candidate = str(HERE / "candidate")
    families = [word for one in FAMILIES for word in ("--family", one)]
    seconds, requests = [], 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "verdict.json")
        command = [sys.executable, "-m", "headgate", "check", candidate, "--json", str(file)]
        for _ in range(runs):
            started = time.monotonic()
            argv = [*command, "--policy", str(HERE / "policy.yaml"), *families]
            subprocess.run(argv, capture_output=True, check=False)
            seconds.append(time.monotonic() - started)
            (verdict,) = json.loads(file.read_text())["candidates"]
            if verdict["findings"] or "no rule was broken" not in verdict["reason"]:
                raise SystemExit(f"headgate: {verdict['reason']}")
            requests = verdict["requests"]
        nobody = Path(folder, "policy.yaml")
        head, _, _ = (HERE / "policy.yaml").read_text().partition("sites:")
        nobody.write_text(f"{head}sites: []\n")
        empty = subprocess.run(
            [*command, "--policy", str(nobody), "--family", "permitted"],
            capture_output=True,
            check=False,
        )
        (verdict,) = json.loads(file.read_text())["candidates"]
        nothing = f"exit {empty.returncode}: {verdict['verdict']}, {verdict['reason']}"
    sees = "the number in any form, wherever it arrives, crosses or stays"
    return Row("headgate check --family", seconds, requests, sees, nothing)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
