"""What ten times as much costs: `python benchmarks/scaling.py [RUNS]`, as root, with images built.

Prints medians of RUNS (3): for ten times as many requests, sites, handsets and candidates how many
times the time and the memory, of which none is to be above 10; what a request costs, sent, received
and fully judged; and, in the same run, what wrk gets through the same gateway to a site that does
nothing but answer. Headgate is to have at least 40 % of that rate.
"""

from __future__ import annotations

import contextlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from debian import unpacked

from headgate.candidate import load_candidate
from headgate.engines.docker_engine import SESSION_LABEL, DockerEngine
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.policy import load_policy

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CANDIDATE = HERE / "peers" / "candidate"
DEFAULTS = ROOT / "gateway_config" / "gateway.yaml"

# One a run: each leaves as many connections in TIME_WAIT as a gateway has ports for one address.
SINKS = [f"198.51.100.{last}" for last in range(96, 112)]
SECONDS = 3
LEAST = 0.4
MANY = 12_000

_POLICY = """\
identifier: {header: x-up-calling-line-id, value: "{msisdn}"}
consent: not-required
sites:
"""
LISTENING = " ".join(f"listen {address}:80;" for address in SINKS)
_SINK = f"""
worker_processes 1;
pid /tmp/sink.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server {{ {LISTENING} location / {{ return 200 "a page"; }} }}
}}
"""


def main(runs: int = 3) -> None:
    with _running(10) as gate:
        _ratio("10 times as many handsets", [_handsets(gate) for _ in range(runs)])
        before = _peak(resource.RUSAGE_SELF)
        _ratio("10 times as many requests", [_requests(gate) for _ in range(runs)])
        grown = _peak(resource.RUSAGE_SELF) / before
        _print("10 times as many requests: times the memory", grown)
        judged = statistics.median(_rate(gate) for _ in range(runs))
        bare = statistics.median(_wrk(_engines[-1], site) for site in SINKS[:runs])
    _print("a request sent, received and judged, ms", 1e3 / judged)
    _print("requests a second, judged", judged)
    _print("requests a second, wrk to a bare site", bare)
    _print(f"of wrk's rate, % (at least {LEAST:.0%})", 100 * judged / bare)
    _print("peak memory of this process, MiB", _peak(resource.RUSAGE_SELF))
    for name, once in (("sites", _sites), ("candidates", _candidates)):
        _ratio(f"10 times as many {name}", [once(10) for _ in range(runs)])
    _print("peak memory of the harness in a call, MiB", _peak(resource.RUSAGE_CHILDREN))


def _ratio(what: str, ratios: Sequence[float]) -> None:
    _print(f"{what}: times the time", statistics.median(ratios))


def _print(what: str, value: float) -> None:
    print(f"{what:46} {value:10.2f}", flush=True)


def _peak(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024  # Linux gives KiB


def _seconds(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


# Ten times as much


def _sites(times: int) -> float:
    """Visits to all permitted sites, of which there are so many."""
    costs = []
    for count in (10, 10 * times):
        with _running(count) as gate:
            costs.append(_cost(gate, lambda gate=gate: gate.visit("permitted", by=gate.agreed)))  # type: ignore[misc]
    return times * costs[1] / costs[0]


def _handsets(gate: Gate) -> float:
    """Each handset makes as many visits, however many there are."""
    return _compared(gate, (gate.agreed[:4], 2_000), (gate.agreed[:40], 20_000))


def _requests(gate: Gate) -> float:
    return _compared(gate, (gate.agreed, MANY // 10), (gate.agreed, MANY))


def _compared(gate: Gate, *both: tuple[list[str], int]) -> float:
    """How many times as long the second one takes, which is ten times the first."""
    few, many = (
        _cost(gate, lambda by=by, least=least: gate.visit("ordinary", by=by, least=least))  # type: ignore[misc]
        for by, least in both
    )
    return 10 * many / few


def _cost(gate: Gate, act: Callable[[], object]) -> float:
    """Seconds a request: how many there are to the last one is left to chance."""
    before = gate.record.requests
    seconds = _seconds(act)
    return seconds / (gate.record.requests - before)


def _candidates(times: int) -> float:
    """In one call, restricted, lest it take all day; what one call takes by itself is set off."""
    none, few, many = (_call(count) for count in (1, 1 + 1, 1 + times))
    return (many - none) / (few - none)


def _call(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        policy = _policy(Path(folder), 10)
        command = [sys.executable, "-m", "headgate", "check", *[str(CANDIDATE)] * count]
        command += ["--policy", str(policy), "--family", "ordinary", "--jobs", "1"]
        return _seconds(lambda: subprocess.run(command, capture_output=True, check=False))


def _policy(folder: Path, count: int) -> Path:
    path = folder / "policy.yaml"
    sites = (f"  - {{host: site{at:02}.example, category: premium}}\n" for at in range(count))
    path.write_text(_POLICY + "".join(sites))
    return path


@contextlib.contextmanager
def _running(sites: int) -> Iterator[Gate]:
    """The candidate of the comparison with peers, in a lab of its own."""
    with tempfile.TemporaryDirectory() as folder:
        policy = load_policy(_policy(Path(folder), sites))
    with (
        Session(policy, _engine, seed="scaling") as session,
        session.gate(load_candidate(CANDIDATE, DEFAULTS)) as gate,
    ):
        gate.visit("ordinary", by=gate.agreed)  # whatever is slow but once
        yield gate


_engines: list[DockerEngine] = []


def _engine(progress: Callable[[str], None]) -> DockerEngine:
    _engines.append(DockerEngine(progress))
    return _engines[-1]


# The yardstick


def _rate(gate: Gate) -> float:
    """Requests a second, each judged, over one large family."""
    return 1 / _cost(gate, lambda: gate.visit("ordinary", by=gate.agreed, least=MANY))


def _wrk(engine: DockerEngine, site: str) -> float:
    """What wrk gets, from the handsets' end of the same cable, through the same gateway."""
    handsets, world = (_container(engine, role) for role in ("handsets", "world"))
    root = unpacked("wrk", "wrk", "libluajit-5.1-2")
    with _sink(world):
        done = _docker(
            *("run", "--rm", "--network", f"container:{handsets}", "--volume", f"{root}:/wrk:ro"),
            *("--env", "LD_LIBRARY_PATH=/wrk/usr/lib/x86_64-linux-gnu", "headgate/lab"),
            *("/wrk/usr/bin/wrk", "-t1", "-c64", f"-d{SECONDS}s", "-H", f"Host: {site}"),
            "http://100.64.0.1:8080/",
        )
    if "Non-2xx" in done or not (found := re.search(r"Requests/sec: +([0-9.]+)", done)):
        raise SystemExit(f"wrk did not get its pages:\n{done}")
    return float(found[1])


@contextlib.contextmanager
def _sink(world: str) -> Iterator[None]:
    """A site that only answers, at some addresses of the simulated internet."""
    rule = ("PREROUTING", "-i", "internet", "-d", f"{SINKS[0]}/28", "-j", "ACCEPT")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sink.conf").write_text(_SINK)
        sink = _docker(
            *("run", "--rm", "--detach", "--network", f"container:{world}"),
            *("--volume", f"{folder}:/sink:ro", "headgate/gateway"),
            *("nginx", "-c", "/sink/sink.conf", "-g", "daemon off;"),
        ).strip()
        _docker("exec", world, "iptables", "-t", "nat", "-I", *rule)
        try:
            yield
        finally:
            _docker("exec", world, "iptables", "-t", "nat", "-D", *rule)
            _docker("rm", "--force", sink)


def _container(engine: DockerEngine, role: str) -> str:
    """The lab's container in a role. How an engine calls its session is no interface."""
    session = f"label={SESSION_LABEL}={engine._session}"
    (container,) = _docker("ps", "-q", "-f", session, "-f", f"label=headgate={role}").split()
    return container


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
