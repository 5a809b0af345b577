"""What a check costs: `python benchmarks/check.py [RUNS]`, with images built and nothing else busy.

Prints medians of RUNS (5) with their extremes: one sample from prompt to verdict, each further
candidate in the same call, requests a second, and the harness's peak memory.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "gateway_config"
RELEASED = CONFIGS / "released"


def main(runs: int = 5) -> None:
    alone = [_check([RELEASED]) for _ in range(runs)]
    many = [_check([RELEASED] * 4) for _ in range(runs)]
    _print("one candidate, prompt to verdict, s", [seconds for seconds, _ in alone])
    further = [(m - a) / 3 for (m, _), (a, _) in zip(many, alone, strict=True)]
    _print("each further candidate, s", further)
    records = [record for _, record in alone]
    _print("requests through the gateway", [one["requests"] for one in records])
    _print("wall time a request, ms", [s / r["requests"] * 1e3 for s, r in alone])
    # Linux gives the largest of all children so far, in KiB.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of the harness, MiB':40} {peak:8.0f}")


def _check(candidates: list[Path]) -> tuple[float, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        verdict = Path(folder, "verdict.json")
        command = [sys.executable, "-m", "headgate", "check", "--no-explain"]
        command += map(str, candidates)
        command += ["--policy", str(CONFIGS / "policy.yaml"), "--json", str(verdict)]
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.monotonic() - started
        return seconds, json.loads(verdict.read_text())["candidates"][0]


def _print(what: str, values: list[float]) -> None:
    median, least, most = statistics.median(values), min(values), max(values)
    print(f"{what:40} {median:8.2f}   ({least:.2f} to {most:.2f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
