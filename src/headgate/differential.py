"""The differential witness: whatever depends on the subscriber, in whatever cipher.

The same requests, the same bytes from the same addresses, are sent again and again while these are
held by A, by B and by nobody. A trait of what arrived that shows under one holder and never under
another depends on the holder, whether or not anybody can read it. Pure: receipts in, suspicions and
dependences out; who holds what, and when, is the business of whoever sends.

**What is compared.** Of each request what arrived at the site that it went to, in those steps in
which it did arrive there: a gateway may refuse whom it likes, and a site that gets no request
learns nothing from it. Copies of it that arrived elsewhere, if it arrived at its own site too:
where it did not, the gateway answered it by a page of somebody else's (of a portal, of a page that
asks for consent), which is a way to refuse; only that A's requests and B's go to different places
is told. And what belongs to no request (name queries, datagrams, messages of the gateway's own), by
the whole step, in comparisons in which the same requests arrived. That something arrives for nobody
alone is a way to refuse as well; that it arrives for subscribers alone is not. What an answer makes
its handset send on (a redirect, a cookie, a link) is compared between A and B. And since a gateway
may do a thing once a site, each step has fresh visits too, to sites that were never visited before:
what one handset sends under one holder, to all of them, is held against what it sends under others.

**What is noise.** Dates, counters and caches follow time; the order of holders is drawn at random
within each round, so time and holder are independent. Request ids occur once and never again.
Values of a small domain (a worker's pid, one of two upstreams, a second's parity) come again, and
side with a holder by chance. Hence two phases: what was seen at least twice on one side and never
on the other is a suspicion; the requests it stands on are then sent again, and it is dropped as
soon as it shows on the other side, once. It is proven only when two measures rule chance out.

**The arithmetic.** Under the null hypothesis holders are labels that were drawn after the fact. If
a trait shows in h of the n observations on this side, and in none of the m on the other, the chance
that all h fell on this side is C(n, h) / C(n + m, h) (Fisher's exact test).

- Each request counted as one observation: at most 1e-10. A run holds about 32 requests, 4 contrasts
  of holders, presence and absence, and, of values that come again, less than 20 traits a request:
  some 5,000 tests, so less than 1e-6 a run in the worst case. A fair coin has to fall right 2n
  times: with the least n that is enough (19 on each side, always there), 2^-37 for a pair of faces.
- Each step counted as one observation, since a value may be the same for all requests of a moment:
  at most 1e-6, of which there are a handful of tests. With a trait that is always there this needs
  12 rounds: 1 / C(24, 12) = 3.7e-7; 2^-23 for a fair coin that is thrown once a step.

A trait that is there in every request is found with certainty. One that is there in half of them is
suspected at a request if it shows in 2 of the 3 first steps of either subscriber (3 of 4), and so
with 1 - 4^-12 at one of 12; of 18 rounds and over 110 requests a side it then has to show in 14
rounds and 30 requests, and is found with more than 99.9 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from types import MappingProxyType

from headgate.internet import normal
from headgate.request import Receipt, Request
from headgate.sieve import added_fields
from headgate.traits import (
    ARRIVES,
    ORDER,
    THERE,
    Trait,
    arrival,
    asked_name,
    traits,
    traits_of_answer,
)

A, B, NOBODY = "A", "B", "nobody"
HOLDERS = (A, B, NOBODY)

DEPENDS = "depends on the subscriber"
TELLS = "tells whether a subscriber is attached"

FIRST_ROUNDS = 3
MOST_ROUNDS = 18
# Times that a request is sent in a confirming step: if its suspicions held each time, or did not.
ALWAYS_THERE, NOW_AND_THEN = 2, 8
# Requests that are sent again, once chance has been given a first opportunity.
MOST_AGAIN = 8

_REQUESTS_LIMIT = 1e-10
_STEPS_LIMIT = 1e-6
_LEAST = 2  # observations before anything is suspected
# What shows on its own side in less than this share of its opportunities, after so many confirming
# steps, will hardly be proven.
_SHARE, _OPPORTUNITIES = 0.2, 2

AT, WHITHER, BESIDE, STRAY = "at", "whither", "beside", "stray"
ANSWER, FRESH = "answer", "fresh"


@dataclass(frozen=True)
class Contrast:
    """What shows under one of `these` holders, and under none of the others."""

    these: frozenset[str]
    others: frozenset[str]

    @property
    def between_two(self) -> bool:
        return NOBODY not in self.these | self.others


_A_NOT_B = Contrast(frozenset({A}), frozenset({B}))
_B_NOT_A = Contrast(frozenset({B}), frozenset({A}))
_SOMEBODY = Contrast(frozenset({A, B}), frozenset({NOBODY}))
_NOT_SOMEBODY = Contrast(frozenset({NOBODY}), frozenset({A, B}))
_CONTRASTS = (_A_NOT_B, _B_NOT_A, _SOMEBODY, _NOT_SOMEBODY)


@dataclass(frozen=True)
class Group:
    """Observations that may be compared: of one request (its token), of one kind, at one site; of
    fresh visits, those of one handset (whose address is in the token's place) at any site."""

    kind: str
    token: str = ""
    site: str = ""

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        if self.kind in (WHITHER, ANSWER):
            return (_A_NOT_B, _B_NOT_A)
        return _CONTRASTS if self.kind == AT else (_A_NOT_B, _B_NOT_A, _SOMEBODY)

    def tells_by_absence(self, contrast: Contrast) -> bool:
        """Not where something arrives for nobody alone."""
        return self.kind == AT or contrast.between_two


@dataclass(frozen=True)
class Sight:
    """What was seen once: in which step, under which holder."""

    step: int
    holder: str
    traits: frozenset[Trait]
    receipts: Sequence[Receipt] = field(repr=False)


@dataclass(frozen=True)
class Suspicion:
    """A trait (or its `absence`) that has shown on one side of a contrast alone."""

    group: Group
    trait: Trait
    absence: bool
    contrast: Contrast

    def shows(self, sight: Sight) -> bool:
        return (self.trait in sight.traits) is not self.absence

    @property
    def between_two(self) -> bool:
        """Whether it tells one subscriber from another, rather than somebody from nobody."""
        return self.contrast.between_two

    @property
    def place(self) -> tuple[Group, str, str]:
        return self.group, self.trait.site, self.trait.where


@dataclass(frozen=True)
class Dependence:
    """A suspicion that has been proven. `request` is None where nobody asked for what arrived."""

    suspicion: Suspicion
    request: Request | None
    receipt: Receipt
    count: int

    @property
    def between_two(self) -> bool:
        return self.suspicion.between_two

    @property
    def form(self) -> str:
        return DEPENDS if self.between_two else TELLS

    @property
    def where(self) -> str:
        return self.suspicion.trait.where

    @property
    def sample(self) -> str:
        return f"{'without ' * self.suspicion.absence}{self.suspicion.trait.shown}"

    @property
    def holder(self) -> str:
        """One of the holders whom it betrays."""
        return B if self.suspicion.contrast == _B_NOT_A else A


LeftOut = Callable[[Request, Receipt, bytes], bool]
"""Whether the header of this name is allowed to depend on the subscriber there."""


def nothing_left_out(request: Request, receipt: Receipt, name: bytes) -> bool:
    return False


def chance(hits: int, these: int, others: int) -> float:
    """The probability that `hits` of `these` + `others` observations all fall among `these`."""
    return math.comb(these, hits) / math.comb(these + others, hits)


class Differential:
    """Collects what became of these requests, step by step, and says what depends on the holder."""

    def __init__(self, requests: Iterable[Request], left_out: LeftOut = nothing_left_out) -> None:
        self._requests = {request.token: request for request in requests}
        self._hosts = {normal(request.host) for request in self._requests.values()}
        self._left_out = left_out
        self._sights: dict[Group, list[Sight]] = {}
        self._read: dict[tuple[str, str, str, int, bytes], frozenset[Trait]] = {}
        self._arrived: dict[str, set[str]] = {holder: set() for holder in HOLDERS}
        self._first_steps = 0
        self._steps: set[int] = set()
        self._fresh: dict[str, Request] = {}

    # What was seen

    def add(
        self,
        step: int,
        holder: str,
        arrived: Mapping[str, Sequence[Receipt]],
        strays: Sequence[Receipt],
        answers: Mapping[str, Receipt] = MappingProxyType({}),
        fresh: Mapping[str, Request] = MappingProxyType({}),
    ) -> None:
        """What arrived of the requests (by token) and besides them when all was sent once; the
        answers that came back, and the fresh requests among them, both by token as well."""
        self._steps.add(step)
        self._hosts |= {normal(request.host) for request in fresh.values()}
        for token, receipts in arrived.items():
            if token in self._requests and receipts:
                self._add_request(step, holder, self._requests[token], receipts)
            elif token in fresh and receipts:
                self._add_fresh(step, holder, fresh[token], receipts)
        for token, answer in answers.items():
            if token in self._requests:
                found = traits_of_answer(answer)
                self._see(Group(ANSWER, token), step, holder, found, [answer])
        kept = [one for one in strays if not self._asked_for(one)]
        self._see(Group(STRAY), step, holder, _together(kept), kept)

    def _asked_for(self, receipt: Receipt) -> bool:
        """Looking the requested site up is a part of serving the request."""
        return receipt.kind == "dns" and asked_name(receipt.data) in self._hosts

    def _add_request(
        self, step: int, holder: str, request: Request, receipts: Sequence[Receipt]
    ) -> None:
        host = normal(request.host)
        own = [one for one in receipts if one.site == host and one.kind in ("http", "https")]
        self._arrived[holder].add(request.token)
        itself = own or receipts
        token = request.token
        for site in {one.site for one in itself}:
            here = [one for one in itself if one.site == site]
            found = frozenset().union(*(self._traits(request, one) for one in here))
            count = Trait(site, "number of requests", "count", b"%d" % len(here))
            self._see(Group(AT, token, site), step, holder, found | {count}, here)
        self._see(Group(WHITHER, token), step, holder, frozenset(map(arrival, itself)), itself)
        if own:
            beside = [one for one in receipts if one not in own and not self._asked_for(one)]
            self._see(Group(BESIDE, token), step, holder, _together(beside), beside)

    def _add_fresh(
        self, step: int, holder: str, request: Request, receipts: Sequence[Receipt]
    ) -> None:
        """A visit to a site that was never visited before: who got it makes no difference."""
        self._fresh[request.handset] = request
        own = [one for one in receipts if one.site == normal(request.host)]
        found = (
            trait._replace(site="")
            for one in own
            for trait in self._traits(request, _without_own_words(one, request))
        )
        self._see(Group(FRESH, request.handset), step, holder, frozenset(found), own)

    def _traits(self, request: Request, receipt: Receipt) -> frozenset[Trait]:
        """The traits of a receipt, most of which are the same in each step, to the byte."""
        key = (request.token, receipt.kind, receipt.site, receipt.port, receipt.data)
        if key not in self._read:
            self._read[key] = traits(receipt, lambda name: self._left_out(request, receipt, name))
        return self._read[key]

    def _see(
        self,
        group: Group,
        step: int,
        holder: str,
        found: frozenset[Trait],
        receipts: Sequence[Receipt],
    ) -> None:
        self._sights.setdefault(group, []).append(Sight(step, holder, found, receipts))

    # What depends

    def suspicions(self) -> list[Suspicion]:
        """Everything that has shown twice on one side and never on the other, in all steps yet."""
        self._first_steps = len(self._steps)
        return [one for group in self._sights for one in self._suspicions(group)]

    def _suspicions(self, group: Group) -> Iterator[Suspicion]:
        sights = self._sights[group]
        seen = Counter(sight.holder for sight in sights)
        shown = {holder: Counter[Trait]() for holder in HOLDERS}
        for sight in sights:
            shown[sight.holder].update(sight.traits)
        total = sum(shown.values(), Counter[Trait]())
        again = [trait for trait, count in total.items() if _LEAST <= count < len(sights)]
        for contrast in self._contrasts(group):
            these = sum(seen[holder] for holder in contrast.these)
            others = sum(seen[holder] for holder in contrast.others)
            by_absence = group.tells_by_absence(contrast)
            if min(these, others) < _LEAST:
                continue
            for trait in again:
                here = sum(shown[holder][trait] for holder in contrast.these)
                there = sum(shown[holder][trait] for holder in contrast.others)
                if here >= _LEAST and not there:
                    yield Suspicion(group, trait, False, contrast)
                elif these - here >= _LEAST and there == others and by_absence:
                    yield Suspicion(group, trait, True, contrast)

    def _contrasts(self, group: Group) -> Iterator[Contrast]:
        for contrast in group.contrasts:
            if group.kind != STRAY or self._same_arrived(contrast):
                yield contrast

    def _same_arrived(self, contrast: Contrast) -> bool:
        """Whether no request was served on one side and refused on the other."""
        sides = [
            set().union(*(self._arrived[holder] for holder in side))
            for side in (contrast.these, contrast.others)
        ]
        return sides[0] == sides[1]

    def standing(self, suspicions: Iterable[Suspicion]) -> list[Suspicion]:
        """Those of them that still hold after the confirming steps so far."""
        return [one for one in suspicions if self._stands(one)]

    def _stands(self, one: Suspicion) -> bool:
        sights = self._sights[one.group]
        if any(s.holder in one.contrast.others and one.shows(s) for s in sights):
            return False
        if one.group.kind == STRAY and not self._same_arrived(one.contrast):
            return False
        again = [s for s in sights if s.step >= self._first_steps]
        again = [s for s in again if s.holder in one.contrast.these]
        shown = sum(map(one.shows, again))
        return _steps(again) < _OPPORTUNITIES or shown >= _SHARE * len(again)

    def proven(self, one: Suspicion) -> bool:
        """Whether chance is ruled out for a suspicion that stands."""
        these = [s for s in self._sights[one.group] if s.holder in one.contrast.these]
        others = [s for s in self._sights[one.group] if s.holder in one.contrast.others]
        hits = [sight for sight in these if one.shows(sight)]
        by_request = chance(len(hits), len(these), len(others))
        by_step = chance(_steps(hits), _steps(these), _steps(others))
        return by_request <= _REQUESTS_LIMIT and by_step <= _STEPS_LIMIT

    def always_there(self, one: Suspicion) -> bool:
        """Whether a suspicion has shown at each opportunity."""
        sights = self._sights[one.group]
        return all(one.shows(sight) for sight in sights if sight.holder in one.contrast.these)

    # What to do next

    def open(self, suspicions: Sequence[Suspicion]) -> list[Suspicion]:
        """Those that another round can teach something about: at places where nothing is proven,
        whether somebody is attached only where it is not a matter of which subscriber, and nothing
        that merely follows from another."""
        of_one = {one.place for one in suspicions if one.between_two}
        weighty = [
            one
            for one in suspicions
            if (one.between_two or one.place not in of_one) and not _follows(one, suspicions)
        ]
        settled = {one.place for one in weighty if self.proven(one)}
        return [one for one in weighty if one.place not in settled]

    def requests_of(self, suspicions: Iterable[Suspicion]) -> set[str]:
        """The tokens of the requests that these stand on; of all, where one belongs to none."""
        tokens = {one.group.token for one in suspicions}
        return set(self._requests) if "" in tokens else tokens

    def dependences(self, suspicions: Sequence[Suspicion]) -> list[Dependence]:
        """What is proven: one for each place, without what merely follows from the others. Fresh
        visits tell only what the others do not show."""
        every = sorted(filter(self.proven, suspicions), key=_weight)
        known = {one.trait.where for one in every if one.group.kind != FRESH}
        proven = [one for one in every if one.group.kind != FRESH or one.trait.where not in known]
        by_place: dict[tuple[Group, str, str], Suspicion] = {}
        for one in proven:
            by_place.setdefault(one.place, one)
        return [self._dependence(one) for one in by_place.values() if not _follows(one, proven)]

    def _dependence(self, one: Suspicion) -> Dependence:
        sights = [s for s in self._sights[one.group] if s.holder in one.contrast.these]
        hits = [sight for sight in sights if one.shows(sight)]
        receipts = [receipt for sight in (*hits, *self._sights[one.group])
                    for receipt in sight.receipts]  # fmt: skip
        of_site = [receipt for receipt in receipts if arrival(receipt).site == one.trait.site]
        token = one.group.token
        request = self._requests.get(token) or self._fresh.get(token)
        return Dependence(one, request, (of_site or receipts)[0], len(hits))


def few(suspicions: Sequence[Suspicion], most: int = MOST_AGAIN) -> list[Suspicion]:
    """As many of them as stand on at most so many requests, with all their places in turn, so that
    what many requests show does not crowd out what one shows; at each place first those that tell
    who it is."""
    by_where: dict[tuple[str, str], dict[Group, None]] = {}
    for one in sorted(suspicions, key=lambda one: not one.between_two):
        by_where.setdefault((one.group.kind, one.trait.where), {})[one.group] = None
    turns = zip_longest(*by_where.values())
    groups = dict.fromkeys(group for turn in turns for group in turn if group)
    tokens = list(dict.fromkeys(group.token for group in groups))[:most]
    return [one for one in suspicions if one.group.token in tokens]


def holders_for(suspicions: Iterable[Suspicion]) -> Collection[str]:
    """Who has to hold the addresses in a round that tells more about these."""
    return (A, B) if all(one.between_two for one in suspicions) else HOLDERS


def _together(receipts: Iterable[Receipt]) -> frozenset[Trait]:
    return frozenset().union(*map(traits, receipts))


def _without_own_words(receipt: Receipt, request: Request) -> Receipt:
    """What a gateway has added to the header: the rest is another one in each visit."""
    fields = added_fields(receipt.data, request.raw)
    return replace(receipt, data=b"GET / HTTP/1.1\r\n" + fields + b"\r\n")


def _steps(sights: Iterable[Sight]) -> int:
    return len({sight.step for sight in sights})


def _weight(one: Suspicion) -> tuple[bool, bool, int]:
    """What says more comes first: who, a value, its whole."""
    aspects = ("value", THERE, ARRIVES)
    rank = aspects.index(one.trait.aspect) if one.trait.aspect in aspects else len(aspects)
    return not one.between_two, one.absence, rank


def _follows(one: Suspicion, suspicions: Iterable[Suspicion]) -> bool:
    """Whether it is the order of header lines, where one of them is there or not, or merely that
    something arrives which tells more than that."""
    if one.trait.where != ORDER and one.trait.aspect != ARRIVES:
        return False
    beside = [
        other.trait.aspect
        for other in suspicions
        if (other.group, other.trait.site) == (one.group, one.trait.site)
    ]
    if one.trait.where == ORDER:
        return THERE in beside
    return any(aspect != ARRIVES for aspect in beside)
