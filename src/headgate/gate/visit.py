"""What a gate has seen: what came of one matrix of requests, and all of a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headgate.disclosure import Disclosure
from headgate.request import Outcome
from headgate.verdict import findings_from


@dataclass
class Visit:
    """What came of one matrix of requests."""

    outcomes: Sequence[Outcome]
    disclosures: Sequence[Disclosure]
    ordinary_sites: frozenset[str] = frozenset()

    @property
    def wrong(self) -> list[str]:
        """Each finding in a line, masked: what a failed assertion shows."""
        return [
            f"{one.kind}: {one.where} at {one.site}, {one.count} times, {one.subscriber} "
            f"({one.form or one.sample})"
            for one in findings_from(self.disclosures)
        ]

    def sites_with(self, kind: str) -> frozenset[str]:
        return frozenset(one.site for one in self.disclosures if one.kind == kind)


def together(visits: Sequence[Visit]) -> Visit:
    """Several visits as one."""
    return Visit(
        [outcome for visit in visits for outcome in visit.outcomes],
        [disclosure for visit in visits for disclosure in visit.disclosures],
        frozenset().union(*(visit.ordinary_sites for visit in visits)),
    )


@dataclass
class Record:
    """All that has been seen of one candidate."""

    disclosures: list[Disclosure] = field(default_factory=list)
    requests: int = 0
    sites: set[str] = field(default_factory=set)
    handsets: set[str] = field(default_factory=set)
    unproved: list[Outcome] = field(default_factory=list)
    disclosed_rightly: int = 0
    arrived: int = 0
    errors: str = ""

    def add(self, other: Record) -> None:
        """What another gate has seen of the same candidate."""
        self.disclosures += other.disclosures
        self.requests += other.requests
        self.sites |= other.sites
        self.handsets |= other.handsets
        self.unproved += other.unproved
        self.disclosed_rightly += other.disclosed_rightly
        self.arrived += other.arrived
        self.errors = "\n".join(filter(None, [self.errors, other.errors]))
