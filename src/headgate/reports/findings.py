"""A record's findings as reports for machines have them: alike ones together, each with its place.

One fault of a config shows at a hundred sites; whoever reads a merge request wants to see it once.
Pure: all of it is read from the plain record, as JSON holds it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.candidate import MAIN_FILE
from headgate.reports.kinds import SCENARIO
from headgate.verdict import REJECTED

Plain = Mapping[str, Any]
"""One candidate's object of a run's record, as `headgate.record.as_plain` gives it; in it,
`verdict` is its object of `verdict.json`."""

# As nginx and LuaJIT point at a place: `in /etc/nginx/conf.d/sites.conf:12`.
_POINTED_AT = re.compile(r"/etc/nginx/([^\s:\"']+):(\d+)")
# What differs from one run to the next in a description of a place.
_CHANGING = re.compile(r"[0-9a-f]{8,}|\d+")


@dataclass(frozen=True)
class Place:
    """A line of a candidate's file; its path is relative to the candidate."""

    file: str
    line: int


@dataclass(frozen=True)
class Group:
    """Findings of one kind, at one place of what arrived and in one form, at whichever sites.
    `places` are lines of the candidate, the likeliest first; never empty."""

    kind: str
    findings: tuple[Plain, ...]
    places: tuple[Place, ...]
    words: str

    @property
    def count(self) -> int:
        return sum(one["count"] for one in self.findings)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one["site"] for one in self.findings))

    @property
    def fingerprint(self) -> str:
        """The same in every run in which the same is wrong: neither sites nor counts are in it."""
        first = self.findings[0] if self.findings else {"where": self.words, "form": ""}
        told = (self.kind, _CHANGING.sub("#", first["where"]), first["form"])
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def groups_of(record: Plain) -> tuple[Group, ...]:
    """The record's findings, alike ones together; of a candidate that was rejected without one,
    the reason."""
    found: dict[tuple[str, ...], list[tuple[int, Plain]]] = {}
    for at, one in enumerate(record["verdict"]["findings"]):
        found.setdefault((one["kind"], one["where"], one["form"]), []).append((at, one))
    groups = tuple(_group(record, numbered) for numbered in found.values())
    if not groups and record["verdict"]["verdict"] == REJECTED:
        return (Group(SCENARIO, (), (Place(MAIN_FILE, 1),), record["verdict"]["reason"]),)
    return groups


def _group(record: Plain, numbered: Sequence[tuple[int, Plain]]) -> Group:
    findings = tuple(one for _, one in numbered)
    ids = [one.get("id") or f"F{at + 1}" for at, one in numbered]
    places = tuple(dict.fromkeys(_explained(record, ids))) or (Place(MAIN_FILE, 1),)
    return Group(findings[0]["kind"], findings, places, _words(findings))


def _words(findings: Sequence[Plain]) -> str:
    first = findings[0]
    sites = dict.fromkeys(one["site"] for one in findings)
    more = f" and {len(sites) - 1} more" if len(sites) > 1 else ""
    form = f", {first['form']}" if first["form"] else ""
    times = sum(one["count"] for one in findings)
    often = "once" if times == 1 else f"{times} times"
    return f"{first['where']} at {first['site']}{more}{form}, {often}"


def _explained(record: Plain, ids: Iterable[str]) -> Iterator[Place]:
    """The lines that explanations name; a run without them has none."""
    wanted = set(ids)
    told = record["verdict"].get("explanations") or record.get("explanations") or ()
    for one in told:
        if wanted.intersection(one.get("findings") or ()):
            for place in one.get("places") or ():
                if place.get("file"):
                    yield Place(place["file"], int(place.get("line") or 1))


def complained_of(record: Plain) -> Place:
    """Where the gateway itself saw why it cannot be judged; else its main file."""
    verdict = record["verdict"]
    said = f"{verdict['reason']}\n{verdict['words']}"
    name = re.escape(verdict["candidate"].rstrip("/"))
    match = _POINTED_AT.search(said) or re.search(rf"{name}/([^\s:]+):(\d+)", said)
    return Place(match[1], int(match[2])) if match else Place(MAIN_FILE, 1)


def path_of(record: Plain, place: Place, base: Path) -> tuple[str, bool]:
    """The place's file as seen from `base`, and whether it lies below it."""
    whole = (base / record["verdict"]["candidate"] / place.file).resolve()
    if whole.is_relative_to(base.resolve()):
        return whole.relative_to(base.resolve()).as_posix(), True
    return whole.as_posix(), False
