"""Counting what became of requests: the policy against what was seen, and what was sent of each
kind. Pure: outcomes and disclosures in, cells and families of the record out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from headgate.disclosure import CABLE, FILES, MISSING, RECEIPTS, RESPONSES, STORE, Disclosure
from headgate.flow import Flow
from headgate.judge import Judge
from headgate.numbers import Subscriber, mask_numbers
from headgate.policy import Permission, Policy
from headgate.record import (
    AGREED,
    BESIDE,
    LOOKALIKES,
    NOBODY,
    NOT_AGREED,
    ORDINARY,
    STATES,
    UNKNOWN,
    Cell,
    Elsewhere,
    Family,
    Matrix,
    Sent,
    Traffic,
)
from headgate.request import Outcome, Receipt, Request

# How the record calls the families whose sites are a group of their own.
_GROUPS = {"lookalike": LOOKALIKES}

_DNS = "dns"

# So much of a request is shown: heads are shorter, bodies may be long.
_LONGEST_SHOWN = 2000

_Place = tuple[str, str, str]
"""A cell: group, mode, state."""

_PLACES = {
    RESPONSES: "a handset: another one, or the own one where it sends it on",
    FILES: "the gateway's logs and files",
}


@dataclass
class Counts:
    """How often each thing was seen; `wrong` are the requests that something wrong came of."""

    cells: Counter[tuple[_Place, str]] = field(default_factory=Counter)
    families: Counter[tuple[str, str]] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    handsets: set[str] = field(default_factory=set)
    questions: int = 0
    store: int = 0
    wrong: dict[str, Request] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Count what others have seen too."""
        self.cells.update(other.cells)
        self.families.update(other.families)
        self.elsewhere.update(other.elsewhere)
        self.modes.update(other.modes)
        self.reached.update(other.reached)
        self.handsets |= other.handsets
        self.questions += other.questions
        self.store += other.store
        self.wrong = {**other.wrong, **self.wrong}


class Tally:
    """All requests to one candidate, each counted where it belongs."""

    def __init__(self, policy: Policy, judge: Judge) -> None:
        self._policy = policy
        self._judge = judge
        self.counts = Counts()

    def add(
        self,
        outcomes: Iterable[Outcome],
        strays: Iterable[Receipt],
        disclosures: Sequence[Disclosure],
    ) -> None:
        """What came of a batch, and all that was wrong with it."""
        wrong: dict[str, list[Disclosure]] = {}
        for one in disclosures:
            wrong.setdefault(one.request, []).append(one)
        for outcome in outcomes:
            if outcome.request.id in wrong:
                self.counts.wrong.setdefault(outcome.request.id, outcome.request)
            self._add(outcome, wrong.pop(outcome.request.id, ()))
        self.counts.questions += sum(receipt.kind == _DNS for receipt in strays)
        self.beside(one for left in wrong.values() for one in left)

    def _add(self, outcome: Outcome, wrong: Sequence[Disclosure]) -> None:
        request = outcome.request
        here: Sequence[Disclosure] = ()
        if wrong:
            here = [one for one in wrong if _is_there(one, request)]
            self.beside(one for one in wrong if one not in here)
        forbidden = self._forbids(request)
        became = self._became(outcome, here, forbidden)
        if became is None:
            return
        place = (self._group(request, forbidden), request.mode, _state(outcome))
        self.counts.cells[place, became] += 1
        self._count_family(outcome, wrong, became, forbidden)
        self.counts.handsets.add(request.handset)
        self.counts.modes[request.mode] += 1
        for receipt in outcome.receipts:
            self.counts.questions += receipt.kind == _DNS
            self.counts.reached[receipt.site] += 1

    def _became(self, outcome: Outcome, wrong: Sequence[Disclosure], forbidden: bool) -> str | None:
        """What is counted of it; None for what arrived late of a request that has been counted,
        unless it is wrong."""
        if wrong:
            return "wrong" if any(one.kind != MISSING for one in wrong) else "missing"
        if outcome.error == "late":
            return None
        if not forbidden and self._judge.got(outcome):
            return "number"
        if self._judge.unproved(outcome):
            return "unproved"
        return "nothing" if outcome.arrived else "refused"

    def _group(self, request: Request, forbidden: bool) -> str:
        if group := _GROUPS.get(request.family):
            return group
        site = self._policy.site_for(request.host)
        if site is None:
            return ORDINARY
        return BESIDE if forbidden else site.category

    def _forbids(self, request: Request) -> bool:
        """Whether nobody may learn anything from it, whoever sent it."""
        if self._policy.site_for(request.host) is None:
            return True
        asked = self._policy.permits(request.host, request.port, request.path)
        return asked is Permission.NO

    def _count_family(
        self, outcome: Outcome, wrong: Sequence[Disclosure], became: str, forbidden: bool
    ) -> None:
        counts = self.counts.families
        family = outcome.request.family
        counts[family, "requests"] += 1
        if forbidden or not (outcome.known and self._judge.agreed(outcome.subscriber)):
            counts[family, "silent"] += 1
            counts[family, "leaks"] += any(one.kind != MISSING for one in wrong)
        elif became == "missing" or (became == "number" and self._judge.must_get(outcome)):
            counts[family, "owed"] += 1
            counts[family, "missing"] += became == "missing"

    def depend(self, found: Iterable[tuple[Request | None, Disclosure]]) -> None:
        """A comparison has found, afterwards, that what seemed to tell nothing tells who calls."""
        for request, one in found:
            self._depends(request, one)

    def _depends(self, request: Request | None, one: Disclosure) -> None:
        if request is None:
            self.beside([one])
            return
        self.counts.wrong.setdefault(request.id, request)
        group = self._group(request, self._forbids(request))
        place = (group, request.mode, _held_by(one.subscriber))
        if self.counts.cells[place, "nothing"]:  # or else it has been counted as wrong already
            self.counts.cells[place, "nothing"] -= 1
            self.counts.cells[place, "wrong"] += 1
            self.counts.families[request.family, "leaks"] += 1

    def beside(self, disclosures: Iterable[Disclosure]) -> None:
        """What was seen at no site that a request had been sent to."""
        for one in disclosures:
            self.counts.elsewhere[_elsewhere(one)] += 1

    def crossed(self, flows: Iterable[Flow]) -> None:
        """All that crossed the cable, which alone shows how often the session store was asked."""
        self.counts.store += sum(flow.store for flow in flows)

    # What the record holds of it

    def matrix(self, modes: Sequence[str]) -> Matrix:
        """The cells of every category and of every other group that requests were sent to."""
        tried = {place[0] for place, _ in self.counts.cells}
        others = tuple(one for one in (BESIDE, LOOKALIKES, ORDINARY) if one in tried)
        permitted = self._policy.categories
        groups = (*permitted, *others)
        cells = tuple(self._cell(place) for place in product(groups, modes, STATES))
        elsewhere = tuple(Elsewhere(*one) for one in sorted(self.counts.elsewhere.items()))
        return Matrix(groups, permitted, tuple(modes), STATES, cells, elsewhere)

    def _cell(self, place: _Place) -> Cell:
        group, mode, state = place
        counts = {what: self.counts.cells[place, what] for what in _RESULTS}
        return Cell(group, mode, state, self._due(group, state), **counts)

    def _due(self, group: str, state: str) -> str:
        granted = state == AGREED or (state == NOT_AGREED and not self._policy.consent_required)
        return "number" if granted and group in self._policy.categories else "nothing"

    def families(self, sentences: Mapping[str, tuple[str, int]]) -> tuple[Family, ...]:
        """`sentences` has the sentence and the rule of each family by its id."""
        known = sorted({family for family, _ in self.counts.families})
        return tuple(self._family(one, *sentences.get(one, ("", 0))) for one in known)

    def _family(self, family: str, sentence: str, rule: int) -> Family:
        requests, silent, leaks, owed, missing = (
            self.counts.families[family, what] for what in _FAMILY_COUNTS
        )
        return Family(family, sentence, rule, requests, silent, leaks, owed, missing)

    def sent(self, ids: Iterable[str]) -> tuple[Sent, ...]:
        """Those of the requests of these ids that something wrong came of, each once."""
        known = [self.counts.wrong[one] for one in dict.fromkeys(ids) if one in self.counts.wrong]
        return tuple(map(self._sent, known))

    def _sent(self, request: Request) -> Sent:
        # Of numbers that a handset made up, those in digits are hidden too.
        raw = mask_numbers(request.raw[:_LONGEST_SHOWN].decode("latin-1")).encode("latin-1")
        text = self._judge.printed(raw).replace("\\r\\n", "\n")
        if (more := len(request.raw) - _LONGEST_SHOWN) > 0:
            text += f"\n… and {more} bytes more"
        return Sent(request.id, request.handset, request.mode, request.host, text)

    def shown(self, text: str) -> str:
        """Any text without a number of the lab's."""
        return self._judge.shown(text)

    def traffic(self) -> Traffic:
        permitted = [
            count for site, count in self.counts.reached.items() if self._policy.site_for(site)
        ]
        ordinary = [
            count for site, count in self.counts.reached.items() if not self._policy.site_for(site)
        ]
        refused = sum(
            count for (_, became), count in self.counts.cells.items() if became == "refused"
        )
        return Traffic(
            handsets=len(self.counts.handsets),
            modes=dict(sorted(self.counts.modes.items())),
            permitted=sum(permitted),
            permitted_sites=len(permitted),
            ordinary=sum(ordinary),
            ordinary_sites=len(ordinary),
            refused=refused,
            store=self.counts.store,
            resolver=self.counts.questions,
        )


_FAMILY_COUNTS = ("requests", "silent", "leaks", "owed", "missing")
_RESULTS = ("number", "nothing", "wrong", "missing", "refused", "unproved")


def _state(outcome: Outcome) -> str:
    return _held_by(outcome.subscriber) if outcome.known else UNKNOWN


def _held_by(subscriber: Subscriber | None) -> str:
    if subscriber is None:
        return NOBODY
    return AGREED if subscriber.consent else NOT_AGREED


def _is_there(one: Disclosure, request: Request) -> bool:
    """Whether it was seen at the site that the request was sent to."""
    seen = one.kind == MISSING or one.witness == RECEIPTS
    return seen and one.site.partition(":")[0] == request.host


def _elsewhere(one: Disclosure) -> str:
    if one.witness in _PLACES:
        return _PLACES[one.witness]
    if one.witness == CABLE:
        return one.site if one.site == STORE else "the cable to the outside"
    return "another host than the one that the request was sent to"
