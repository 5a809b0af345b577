"""Explaining a rejection: findings in groups that have one cause, each with its least request and
the lines that it is owed to.

All of it happens in a gateway of its own. It is started so often, and no more (`RESTARTS`); groups
for which no start is left are explained by their request alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headgate.candidate import Candidate
from headgate.engines.engine import Deadline
from headgate.errors import InputError, NotJudged
from headgate.explain.bench import Bench, Reply, bench_for
from headgate.explain.controls import controls
from headgate.explain.edits import Edit, applied, edits_of
from headgate.explain.exhibits import Exhibit, exhibits
from headgate.explain.explanation import Explanation
from headgate.explain.ranking import deciding, ranked
from headgate.explain.search import Effect, Found, Search, Spent
from headgate.explain.shrinking import bare, shrunk
from headgate.explain.telling import Group, Teller
from headgate.explain.ways import PLAIN, shown
from headgate.gate.gate import Gate
from headgate.gate.ground import Ground
from headgate.gateway_spec import FileSessions
from headgate.plan import ENOUGH
from headgate.request import Connection
from headgate.verdict import Finding

RESTARTS = 16
SINGLES = 10
# Groups whose least request is looked for; of the rest the request is told as it was sent.
MOST_GROUPS = 6
_SLOW = 3
# What shows in three of a hundred shows in so many with a probability of 0.99.
OFTEN = 160
_FEW, _SINGLES_OF_MANY = 3, 5
# Many times what it takes, in seconds: where a gateway lets each trial wait, it ends here.
LONGEST = 30.0


def explained(
    ground: Ground, candidate: Candidate, gate: Gate, findings: Sequence[Finding]
) -> tuple[Explanation, ...]:
    """The explanations of findings. NotJudged and LabError where there is no gateway to try on."""
    seen = exhibits(gate, findings)
    ground = replace(ground, judge=gate.judge)
    with bench_for(ground, candidate, gate.guests) as bench:
        return tuple(Explainer(bench, candidate, findings, seen).run())


class Explainer:
    """One explanation of one rejected candidate."""

    def __init__(
        self,
        bench: Bench,
        candidate: Candidate,
        findings: Sequence[Finding],
        seen: Sequence[Exhibit],
        restarts: int = RESTARTS,
        singles: int = SINGLES,
    ) -> None:
        self._bench = bench
        self._candidate = candidate
        self._findings = findings
        # By a file, a change of who holds an address takes a reload: too long for many trials, and
        # so is the time that the policy gives a gateway to learn of it.
        waits = isinstance(candidate.spec.sessions, FileSessions) or bench.ground.policy.staleness
        self._asked = [one for one in seen if not waits or one.way.plainly]
        self._seen = seen
        self._restarts = restarts
        self._singles = singles
        self._deadline = Deadline(LONGEST)
        self._controls = controls(bench.ground, candidate)
        self._baseline: list[Reply] = []
        self._gone: Mapping[tuple[Edit, ...], frozenset[Exhibit]] = {}
        self._edits: list[Edit] = []

    def run(self) -> list[Explanation]:
        """The explanations, in the order in which causes were looked for."""
        self._baseline = self._bench.ask(self._controls, tries=1)
        self._edits = self._read()
        left = self._showing(self._asked)
        groups: list[Group] = []
        while left and len(groups) < MOST_GROUPS:
            group = self._group(left)
            groups.append(group)
            left = [one for one in left if one not in group.members]
        groups += [] if groups else self._seldom()
        ground, tagged = self._bench.ground, self._bench.tagged
        teller = Teller(ground, self._candidate, self._findings, self._seen, tagged)
        return teller.told(groups)

    def _read(self) -> list[Edit]:
        try:
            return edits_of(self._candidate)
        except InputError:
            return []

    def _showing(self, some: Sequence[Exhibit]) -> list[Exhibit]:
        """Those that a request shows again, sent to the candidate as it is."""
        plain = [one for one in some if one.way == PLAIN]
        if not plain:
            return [one for one in some if self._shows(one, [one.connection])[0]]
        found = self._plainly(plain)
        # A receipt that no answer tells of is known by the token alone, which has to be in it.
        if lost := [one for one in plain if one not in found]:
            self._bench.tagged.update(_tokens(lost))
            again = self._plainly(lost)
            self._bench.tagged.difference_update(_tokens([x for x in lost if x not in again]))
            found = sorted([*found, *again], key=lambda one: one.simplicity)
        # The others take longer: they are asked for where nothing plainer shows the same.
        symptoms = {one.symptom for one in found}
        rest = [one for one in some if one.way != PLAIN and one.symptom not in symptoms][:_SLOW]
        return [*found, *(one for one in rest if self._shows(one, [one.connection])[0])]

    def _plainly(self, some: Sequence[Exhibit]) -> list[Exhibit]:
        replies = self._bench.ask([one.connection for one in some], tries=1)
        pairs = zip(some, replies, strict=True)
        return [one for one, reply in pairs if reply.shows(one.kind, one.where)]

    # One cause

    def _group(self, left: Sequence[Exhibit]) -> Group:
        first = left[0]
        self._bench.at_hour(first.way.hour)
        self._bench.run(self._candidate.files)
        least = shrunk(first.connection, lambda some: self._shows(first, some))
        if not self._steady(first, least):
            # It may have been what came before.
            least = first.connection
            if not self._steady(first, least):
                return Group(tuple(self._alike(first, left)), least, None, certain=False)
        found = self._searched(first, least, left, 3 if len(least.requests) == 1 else 1)
        gone = self._gone.get(found.edits, frozenset())
        members = [one for one in left if one in gone or one is first]
        if not found.edits:
            members = self._alike(first, left)
        return Group(tuple(members), least, found)

    def _searched(
        self, first: Exhibit, least: Connection, left: Sequence[Exhibit], copies: int
    ) -> Found:
        """What is found among the edits, where so many copies tell whether it is gone."""
        raw = b"".join(one.raw for one in least.requests)
        self._gone = {}
        return Search(
            ranked(self._edits, raw, first.where, first.kind),
            deciding(self._edits, first.where),
            lambda edits: self._effect(edits, first, [least] * copies, left),
            self._singles if copies <= _FEW else _SINGLES_OF_MANY,
        ).run()

    def _seldom(self) -> list[Group]:
        """What a request shows now and then: it is sent so often that it shows."""
        single = (one for one in self._asked if len(one.connection.requests) == 1 and one.quick)
        first = next((one for one in single if one.way == PLAIN), None)
        times = sum(self._shows(first, [first.connection] * OFTEN)) if first else 0
        if first is None or not times:
            return []
        least = bare(first.connection, lambda some: self._ever(first, some))
        found = self._searched(first, least, [], min(ENOUGH, _enough(times / OFTEN)))
        return [Group(tuple(self._alike(first, self._asked)), least, found, certain=False)]

    def _ever(self, exhibit: Exhibit, some: Sequence[Connection]) -> list[bool]:
        return [any(self._shows(exhibit, [one] * OFTEN)) for one in some]

    def _alike(self, first: Exhibit, left: Sequence[Exhibit]) -> list[Exhibit]:
        return [one for one in left if one.symptom == first.symptom]

    def _steady(self, exhibit: Exhibit, connection: Connection) -> bool:
        """Whether a connection shows it every time, to a gateway that has seen nothing else."""
        self._bench.run(self._candidate.files, anew=True)
        copies = 3 if len(connection.requests) == 1 else 1
        return all(self._shows(exhibit, [connection] * copies))

    def _shows(self, exhibit: Exhibit, some: Sequence[Connection]) -> list[bool]:
        if not self._deadline.left:
            return [False for _ in some]
        try:
            return shown(self._bench, exhibit.way, some, exhibit.kind, exhibit.where)
        except NotJudged:
            return [False for _ in some]

    def _effect(
        self,
        edits: Sequence[Edit],
        exhibit: Exhibit,
        least: Sequence[Connection],
        others: Sequence[Exhibit],
    ) -> Effect:
        if self._bench.restarts >= self._restarts or not self._deadline.left:
            raise Spent
        if not self._bench.run(applied(self._candidate.files, edits)):
            return Effect()
        hours = {None, exhibit.way.hour}
        others = [x for x in others if x.way.plainly and x.way.hour in hours and x.quick]
        others = [one for one in others if one is not exhibit]
        beside = [*self._controls, *(one.connection for one in others)]
        first, replies = self._asked_for(least, beside)
        count = len(self._controls)
        pairs = zip(others, replies[count:], strict=True)
        away = [one for one, reply in pairs if not reply.shows(one.kind, one.where)]
        self._gone = {**self._gone, tuple(edits): frozenset(away)}
        binding = all(one.binding for one in least[0].requests)
        return Effect(
            gone=all(one.answered for one in first) and not self._still(first, exhibit, least[0]),
            serves=(first[0].arrived or not binding) and self._serves(replies[:count]),
            keeps=self._keeps(replies[:count]),
        )

    def _asked_for(
        self, least: Sequence[Connection], beside: Sequence[Connection]
    ) -> tuple[list[Reply], list[Reply]]:
        """What comes of the least connection and of others. Where requests are counted, perhaps,
        none may come between them."""
        if len(least[0].requests) > 1:
            return self._bench.ask(least), self._bench.ask(beside)
        replies = self._bench.ask([*least, *beside])
        return replies[: len(least)], replies[len(least) :]

    def _still(self, replies: Sequence[Reply], exhibit: Exhibit, least: Connection) -> bool:
        if exhibit.way.plainly:
            return any(one.shows(exhibit.kind, exhibit.where) for one in replies)
        return self._shows(exhibit, [least])[0]

    def _serves(self, replies: Sequence[Reply]) -> bool:
        pairs = zip(self._baseline, replies, strict=True)
        return all(new.arrived for old, new in pairs if old.arrived)

    def _keeps(self, replies: Sequence[Reply]) -> bool:
        pairs = list(zip(self._baseline, replies, strict=True))
        return self._serves(replies) and all(
            new.rightly >= old.rightly and len(new.disclosures) <= len(old.disclosures)
            for old, new in pairs
        )


def _tokens(some: Sequence[Exhibit]) -> set[str]:
    return {request.token for one in some for request in one.connection.requests}


def _enough(share: float) -> int:
    """How often to try what shows in this share of times, to be sure at 1 in 200."""
    return math.ceil(math.log(0.005) / math.log(1 - share)) if share < 1 else 1
