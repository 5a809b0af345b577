"""The least request of a finding once more, from what `verdict.json` has kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headgate.candidate import Candidate
from headgate.detector import Scanner
from headgate.errors import InputError, Problem
from headgate.explain.bench import bench_for
from headgate.explain.controls import controls
from headgate.explain.explanation import restored
from headgate.explain.template import Numbers
from headgate.explain.ways import Way, guest_called, shown
from headgate.gate.ground import Ground
from headgate.judge import Judge
from headgate.numbers import Subscriber
from headgate.plan import ENOUGH

SHOWS, GONE, UNKNOWN = "shows", "gone", "unknown"


@dataclass(frozen=True)
class Recorded:
    """A finding as it stands in a file: that of a candidate's verdict, with its least request."""

    verdict: Mapping[str, Any]
    finding: Mapping[str, Any]
    request: Mapping[str, Any]

    @property
    def told(self) -> str:
        one = self.finding
        return f"{one['id']} ({one['kind']}, {one['where']} at {one['site']})"


def recorded(path: Path, name: str) -> Recorded:
    """The finding of this name, `F1` or, of several candidates, `NAME/F1`. InputError where the
    file has none, or nothing to send for it."""
    try:
        verdicts = json.loads(path.read_text("utf-8"))["candidates"]
        of, _, wanted = name.rpartition("/")
        some = [
            (verdict, finding)
            for verdict in verdicts
            if str(verdict["candidate"]).rstrip("/").endswith(of)
            for finding in verdict["findings"]
            if finding.get("id") == wanted
        ]
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong(path, "expected what `headgate check --json` writes") from error
    if len(some) != 1:
        names = " or ".join(f"{one['candidate'].rstrip('/')}/{wanted}" for one, _ in some)
        raise _wrong(path, f"which one? {names}" if some else f"there is no finding {name} in it")
    return _with_request(path, *some[0])


def _with_request(path: Path, verdict: Mapping[str, Any], finding: Mapping[str, Any]) -> Recorded:
    for one in verdict.get("explanations", ()):
        if finding["id"] in one["findings"] and one["request"]:
            return Recorded(verdict, finding, one["request"])
    raise _wrong(path, f"{finding['id']} has no request that shows it again")


def _wrong(path: Path, what: str) -> InputError:
    return InputError(Problem(str(path), what))


def replayed(ground: Ground, candidate: Candidate, one: Recorded) -> str:
    """Whether it still shows. It is unknown where the request's fate is, where the gateway does
    not serve at all, and where the request did not show it at every time before."""
    numbers = Numbers(ground.population)
    try:
        connection = restored(one.request, numbers, ground.lab.internet)
        times = 1 if one.request["certain"] else ENOUGH
        symptom = (str(one.request["kind"]), str(one.request["where"]))
        way = _way(one.request)
        name, people = one.request["guest"], ground.population
        guests = {connection.handset: guest_called(people, name)} if name else {}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(Problem(one.told, f"the request cannot be read: {error}")) from error
    ground = _knowing(ground, guests.values())
    with bench_for(ground, candidate, guests) as bench:
        if one.request["tagged"]:
            bench.tagged.update(request.token for request in connection.requests)
        serves = any(reply.arrived for reply in bench.ask(controls(ground, candidate), tries=1))
        shows = any(shown(bench, way, [connection] * times, *symptom, tries=2))
        (reply,) = bench.ask([connection], tries=2)
    if shows:
        return SHOWS
    return GONE if times == 1 and serves and reply.answered else UNKNOWN


def _knowing(ground: Ground, guests: Iterable[Subscriber]) -> Ground:
    """The same ground, where the numbers of guests are looked for too."""
    if not (some := tuple(guests)):
        return ground
    everyone = (*ground.population.subscribers, *some)
    return replace(ground, judge=Judge(ground.policy, Scanner(everyone)))


def _way(request: Mapping[str, Any]) -> Way:
    hour = request["hour"]
    return Way(str(request["then"]), bool(request["compared"]), None if hour is None else int(hour))
