"""Which changes between two configs a finding is owed to."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import pytest

from headgate.candidate import Candidate
from headgate.disclosure import MISSING
from headgate.explain.bench import Bench, bench_for
from headgate.explain.ddmin import ddmin, one_by_one
from headgate.explain.exhibits import Exhibit, exhibits
from headgate.explain.hunks import Hunk, hunks, hybrid
from headgate.explain.shrinking import shrunk
from headgate.explain.ways import PLAIN, shown
from headgate.gate.check import check
from headgate.gate.collect import is_scenario
from headgate.gate.gate import Gate
from headgate.gate.record import Recorder
from headgate.gate.session import Session
from headgate.request import Connection
from headgate.verdict import Verdict

# Many times what any pair of configs in our samples takes; each start takes 0.1 s.
MOST_STARTS = 100


@dataclass(frozen=True)
class Blame:
    """`verdict` is the candidate's, `finding` the id of the one that was followed. Where there are
    no hunks, `why` says so."""

    verdict: Verdict
    finding: str = ""
    hunks: tuple[Hunk, ...] = ()
    why: str = ""
    starts: int = 0


class FirstFinding:
    """A pytest plugin: ends a run when something was seen that must not be."""

    def __init__(self) -> None:
        self.gate: Gate | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        result = yield
        recorder = item.config.pluginmanager.get_plugin("headgate-recorder")
        if isinstance(recorder, Recorder) and recorder.gate and is_scenario(item):
            self.gate = recorder.gate
            if any(one.kind != MISSING for one in self.gate.record.disclosures):
                item.session.shouldstop = "a finding has been seen"
        return result


def blame(session: Session, released: Candidate, candidate: Candidate) -> Blame:
    """The fewest changes that bring the candidate's first finding into the released config."""
    watch = FirstFinding()
    (verdict,) = check(session, [candidate.path], [], [watch])
    if not verdict.findings or watch.gate is None:
        return Blame(verdict)
    changes = hunks(released.files, candidate.files)
    if not changes:
        return Blame(verdict, why="the two do not differ in any file")
    session.progress("looking for the change")
    ground = replace(session.ground, judge=watch.gate.judge)
    with bench_for(ground, candidate, watch.gate.guests) as bench:
        return _followed(bench, released, changes, verdict, watch.gate)


def _followed(
    bench: Bench, released: Candidate, changes: Sequence[Hunk], verdict: Verdict, gate: Gate
) -> Blame:
    seen = exhibits(gate, verdict.findings)
    plain = [one for one in seen if one.way == PLAIN]
    replies = bench.ask([one.connection for one in plain], tries=1) if plain else []
    pairs = zip(plain, replies, strict=True)
    again = [one for one, reply in pairs if reply.shows(one.kind, one.where)]
    again += [one for one in seen if not again and one.way != PLAIN and _shows(bench, one)]
    if not again:
        return Blame(verdict, why="no finding shows again when its request is sent alone")
    return _blamed(bench, released, changes, verdict, again[0])


def _shows(bench: Bench, one: Exhibit) -> bool:
    return shown(bench, one.way, [one.connection], one.kind, one.where)[0]


def _blamed(
    bench: Bench, released: Candidate, changes: Sequence[Hunk], verdict: Verdict, exhibit: Exhibit
) -> Blame:
    def shows(some: Sequence[Connection]) -> list[bool]:
        return shown(bench, exhibit.way, some, exhibit.kind, exhibit.where)

    least = shrunk(exhibit.connection, shows)

    def holds(some: Sequence[Hunk]) -> bool:
        within = bench.restarts < MOST_STARTS
        return within and bench.run(hybrid(released.files, some)) and shows([least])[0]

    if holds([]):
        why = f"{released.name} shows {exhibit.finding} too: it is rejected itself"
        return Blame(verdict, exhibit.finding, why=why)
    if not holds(changes):
        return Blame(verdict, exhibit.finding, why=f"{exhibit.finding} shows only now and then")
    found = ddmin(changes, one_by_one(holds))
    return Blame(verdict, exhibit.finding, tuple(found), starts=bench.restarts)
