"""What a check costs: `python benchmarks/check.py [RUNS]`, with images built and nothing else busy.

Prints medians of RUNS (5) with their extremes: one sample from prompt to verdict, when on the way
what is reached, the same by a single process, each further candidate in the same call, requests a
second, and the peak memory of a process of the harness.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "gateway_config"
RELEASED = CONFIGS / "released"


# As `headgate.trace` writes them.
EVENTS = (
    "prompt answered",
    "scenarios begun",
    "numbers known",
    "lab up",
    "first request",
    "control judged",
    "candidate serves",
)


def main(runs: int = 5) -> None:
    alone = [_check([RELEASED]) for _ in range(runs)]
    single = [_check([RELEASED], "--jobs", "1") for _ in range(runs)]
    many = [_check([RELEASED] * 4, "--jobs", "1") for _ in range(runs)]
    beside = [_check([RELEASED] * 4) for _ in range(runs)]
    _print("one candidate, prompt to verdict, s", [one.seconds for one in alone])
    for event in EVENTS:
        _print(f"  prompt to “{event}”, s", [one.events[event] for one in alone])
    _print("the same by a single process, s", [one.seconds for one in single])
    for name, several in (("by one process", many), ("by one a core", beside)):
        further = [(m.seconds - a.seconds) / 3 for m, a in zip(several, single, strict=True)]
        _print(f"each further candidate, {name}, s", further)
    _print("requests through the gateway", [one.requests for one in alone])
    _print("wall time a request, ms", [one.seconds / one.requests * 1e3 for one in alone])
    # Linux gives the largest of all children so far, in KiB.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of the harness, MiB':40} {peak:8.0f}")


@dataclass(frozen=True)
class Checked:
    """A call: its seconds, the first candidate's requests, and seconds until each event."""

    seconds: float
    requests: int
    events: Mapping[str, float]


def _check(candidates: list[Path], *more: str) -> Checked:
    with tempfile.TemporaryDirectory() as folder:
        verdict, trace = Path(folder, "verdict.json"), Path(folder, "trace")
        command = [
            sys.executable,
            "-m",
            "headgate",
            "check",
            "--no-explain",
            *map(str, candidates),
            *more,
        ]
        command += ["--policy", str(CONFIGS / "policy.yaml"), "--json", str(verdict)]
        environment = {**os.environ, "HEADGATE_TRACE": str(trace)}
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds = time.monotonic() - started
        events: dict[str, float] = {}
        for line in trace.read_text().splitlines():
            at, event = line.split(" ", 1)
            events.setdefault(event, float(at) - started)
        first = json.loads(verdict.read_text())["candidates"][0]
        return Checked(seconds, first["requests"], events)


def _print(what: str, values: Sequence[float]) -> None:
    median, least, most = statistics.median(values), min(values), max(values)
    print(f"{what:40} {median:8.2f}   ({least:.2f} to {most:.2f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
