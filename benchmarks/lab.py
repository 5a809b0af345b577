"""What a lab costs: `python benchmarks/lab.py [RUNS] [ENGINE…]`, with images and roots made.

Prints for each engine (both) the median of RUNS (5) with the extremes: the engine up, the nodes up,
a gateway that answers a handset, and all of it down again. One run before them is not counted.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from headgate.candidate import Candidate, load_candidate
from headgate.engines.choice import DOCKER, SANDBOX, engine_named
from headgate.lab.lab import Lab
from headgate.lab.topology import GATEWAY_ACCESS, handset_address
from headgate.numbers import Subscriber
from headgate.request import EXPLICIT, Connection, Request

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "tests" / "system" / "candidates" / "goes-anywhere"
HANDSET = handset_address(4711)
SESSIONS = {HANDSET: Subscriber("447700900123", "001010000000123")}
RAW = b"GET /benchmark HTTP/1.1\r\nHost: premium.example\r\nConnection: close\r\n\r\n"
STEPS = ("engine up", "nodes up", "gateway answers", "down again", "in all")


def main(runs: int = 5, *engines: str) -> None:
    candidate = load_candidate(GATEWAY, ROOT / "gateway_config" / "gateway.yaml")
    for name in engines or (DOCKER, SANDBOX):
        _once(name, candidate)
        steps = [_once(name, candidate) for _ in range(runs)]
        for step, values in zip(STEPS, zip(*steps, strict=True), strict=True):
            _print(f"{name}: {step}, s", values)


def _once(name: str, candidate: Candidate) -> list[float]:
    """Seconds of each step, and of all."""
    times = [time.monotonic()]
    with engine_named(name)(lambda line: None) as engine:
        times.append(time.monotonic())
        lab = Lab(engine, "benchmark")
        lab.expect(candidate.spec)
        with lab:
            times.append(time.monotonic())
            with lab.gateway(candidate, SESSIONS) as gateway:
                request = Request("", "benchmark", HANDSET, EXPLICIT, "premium.example", RAW)
                connection = Connection((request,), GATEWAY_ACCESS, candidate.spec.proxy_port or 0)
                (exchanged,) = lab.exchanging(gateway, [connection])()
                assert exchanged.responses, exchanged
                times.append(time.monotonic())
    times.append(time.monotonic())
    return [*(b - a for a, b in itertools.pairwise(times)), times[-1] - times[0]]


def _print(what: str, values: Sequence[float]) -> None:
    median, least, most = statistics.median(values), min(values), max(values)
    print(f"{what:40} {median:8.3f}   ({least:.3f} to {most:.3f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
