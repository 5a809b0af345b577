"""What all outputs add to a check: `python benchmarks/evidence.py [RUNS]`, with images built and
nothing else busy.

A check of the released sample with every output, signed bundle and report included, against the
same check with none, by turns and with the same seeds, each as often the first of a pair. Prints
medians of RUNS (10) with their extremes, what the outputs add (of each pair, which a machine's
changing speed moves less than the two medians), and what the files take.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "gateway_config"

FILES = {
    "--json": "verdict.json",
    "--sarif": "verdict.sarif",
    "--markdown": "verdict.md",
    "--junit": "junit.xml",
    "--codequality": "codequality.json",
    "--report": "report",
    "--bundle": "evidence.tar",
}


def main(runs: int = 10) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        outputs = [str(word) for option, file in FILES.items() for word in (option, folder / file)]
        outputs += ["--sign", str(key)]
        _check("warm up", [])
        bare, every = [], []
        for run in range(runs):
            turns = [(bare, []), (every, outputs)]
            for seconds, options in turns if run % 2 else turns[::-1]:
                seconds.append(_check(f"run {run}", options))
        _print("a check without any output, s", bare)
        _print("a check with every output, s", every)
        _print("all outputs add, s", [more - less for more, less in zip(every, bare, strict=True)])
        for file in FILES.values():
            print(f"{file + ', KiB':40} {_size(folder / file) / 1024:8.0f}")


def _check(seed: str, outputs: list[str]) -> float:
    command = [sys.executable, "-m", "headgate", "check", str(CONFIGS / "released")]
    command += ["--policy", str(CONFIGS / "policy.yaml"), "--seed", seed, *outputs]
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - started


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in [path, *path.rglob("*")] if one.is_file())


def _print(what: str, values: list[float]) -> None:
    median, least, most = statistics.median(values), min(values), max(values)
    print(f"{what:40} {median:8.2f}   ({least:.2f} to {most:.2f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
