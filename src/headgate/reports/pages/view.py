"""What a page shows, as its templates need it: findings in groups, the matrix in rows, a file's
lines with their colours. Pure: records in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from headgate.differential import DEPENDS
from headgate.judge import STORE
from headgate.record import Cell, Evidence, Matrix, Record, Sent
from headgate.reports.kinds import Kind, kind_of
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED, Finding

# Sites that are named of one group of findings; the rest is counted, and stands in the record.
MOST_SITES = 200
# Groups of findings that are told in full.
MOST_GROUPS = 60

# A mark for each verdict, outcome and count, since nothing may be told by its colour alone.
VERDICTS = {APPROVED: "✓", REJECTED: "✗", NOT_JUDGED: "?"}
OUTCOMES = {
    "passed": "✓",
    "failed": "✗",
    "broken": "!",
    "skipped": "–",
    "undefined": "?",
    "not reached": "·",
}
TALLY = {
    "number": ("number", "got the subscriber's number, as the policy grants it"),
    "nothing": ("nothing", "got the request, and nothing that tells who is calling"),
    "wrong": ("wrong", "got what it should not"),
    "missing": ("missing", "should have got the number, and did not"),
    "refused": ("refused", "the gateway refused the request: nobody learned anything"),
    "unproved": ("unproved", "neither received nor refused: it is not known what became of it"),
}

# What is left of a number when it has been masked.
_MASKED = re.compile(r"\+?[0-9][0-9 ().-]*\*{3,}|\*{3,}")

Segments = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it is what is left of a number."""


@dataclass(frozen=True)
class Place:
    """A line of one of the candidate's files, and what stands there, where that is known."""

    file: str
    line: int
    text: str = ""


@dataclass(frozen=True)
class Group:
    """Findings of one kind, at one place of what arrived and in one form. `sites` are as many as
    are named, `more` those left out."""

    kind: str
    about: Kind
    rule: int
    where: str
    form: str
    subscriber: str
    count: int
    sites: Sequence[str]
    more: int
    sample: Segments
    request: Sent | None
    explanation: str
    minimal: str
    places: Sequence[Place]


def findings(record: Record) -> list[Group]:
    """The findings in groups, those that tell a number before those that miss one."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for one in record.verdict.findings:
        alike.setdefault((one.kind, one.where, one.form), []).append(one)
    ordered = sorted(alike.values(), key=lambda group: group[0].kind == "missing")
    return [_group(group, record.evidence) for group in ordered]


def _group(group: Sequence[Finding], evidence: Evidence) -> Group:
    first = group[0]
    sites = list(dict.fromkeys(one.site for one in group))
    told = _explanation(first, evidence.explanations)
    return Group(
        kind=first.kind,
        about=kind_of(first.kind),
        rule=first.rule,
        where=first.where,
        form=first.form,
        subscriber=first.subscriber,
        count=sum(one.count for one in group),
        sites=sites[:MOST_SITES],
        more=max(0, len(sites) - MOST_SITES),
        sample=segments(first.sample.replace("\\r\\n", "\\r\\n\n").rstrip("\n")),
        request=next((one for one in evidence.sent if one.id == first.request), None),
        explanation=_text(told, "sentence", "text", "why"),
        minimal=_text(told, "minimal", "request"),
        places=_places(told, evidence.files),
    )


def segments(text: str) -> Segments:
    """The text, cut where what is left of a number begins and ends."""
    found, at = [], 0
    for match in _MASKED.finditer(text):
        found += [(text[at : match.start()], False), (match[0], True)]
        at = match.end()
    return [one for one in (*found, (text[at:], False)) if one[0]]


def _explanation(one: Finding, known: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The explanation that speaks of this finding; an empty one, where nobody has any."""
    keys = ("kind", "where", "form")
    return next(
        (told for told in known if all(told.get(key) == getattr(one, key) for key in keys)), {}
    )


def _text(told: Mapping[str, Any], *names: str) -> str:
    return next((str(told[name]) for name in names if told.get(name)), "")


def _places(told: Mapping[str, Any], files: Mapping[str, str]) -> list[Place]:
    found = [*told.get("places", ()), *([told] if told.get("file") else ())]
    return [_place(str(one["file"]), int(one.get("line") or 0), files) for one in found]


def _place(file: str, line: int, files: Mapping[str, str]) -> Place:
    lines = files.get(file, "").splitlines()
    return Place(file, line, lines[line - 1].strip() if 0 < line <= len(lines) else "")


# The matrix


@dataclass(frozen=True)
class Row:
    """A mode's row of cells in the block of its group."""

    mode: str
    cells: Sequence[Cell]


def rows(matrix: Matrix) -> list[tuple[str, Sequence[Row]]]:
    """The groups with their rows, as the cells come."""
    return [
        (group, [Row(mode, list(cells)) for mode, cells in groupby(block, lambda one: one.mode)])
        for group, block in groupby(matrix.cells, lambda one: one.group)
    ]


def parts(cell: Cell) -> list[tuple[str, int]]:
    """What a cell counts, what is wrong before what is right."""
    names = ("wrong", "missing", "unproved", "number", "nothing", "refused")
    return [(name, getattr(cell, name)) for name in names if getattr(cell, name)]


# Files


@dataclass(frozen=True)
class Line:
    """`state` is entered, never, or nothing where a line was not measured."""

    number: int
    text: str
    state: str


@dataclass(frozen=True)
class File:
    path: str
    lines: Sequence[Line]
    entered: int
    never: int

    @property
    def measured(self) -> bool:
        return bool(self.entered or self.never)


def files(evidence: Evidence) -> list[File]:
    """The candidate's texts, those with a line that was never entered first."""
    states = (evidence.coverage or {}).get("lines", {})
    found = [
        _file(path, text, {str(at): state for at, state in states.get(path, {}).items()})
        for path, text in evidence.files.items()
    ]
    return sorted(found, key=lambda one: (not one.never, not one.measured))


def _file(path: str, text: str, states: Mapping[str, str]) -> File:
    lines = [
        Line(number, line, states.get(str(number), ""))
        for number, line in enumerate(text.splitlines(), 1)
    ]
    told = [one.state for one in lines]
    return File(path, lines, told.count("entered"), told.count("never"))


# Words and figures


def control(kind: str) -> str:
    """What has been seen of a kind on the gateway that breaks every rule."""
    known = {
        DEPENDS: "Something told subscribers apart that is in no list of forms",
        STORE: "A number was written into the session store",
    }
    return known.get(kind) or kind_of(kind).title


def parted(path: str) -> tuple[str, str]:
    """A candidate's folder, and its name in it."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    return folder + slash, name


def time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "< 1 ms"


def share(part: float) -> str:
    """A share in hundredths, to two places that count: `0.88 %`."""
    return f"{100 * part:.2g} %"


def count(number: int) -> str:
    """A number with a thin space between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def plural(number: int, word: str, words: str = "") -> str:
    return f"{count(number)} {word if number == 1 else words or word + 's'}"


def scenarios(evidence: Evidence) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Each scenario's feature, rule and title, with how it ended."""
    for feature in evidence.features:
        for rule in feature.rules:
            for one in rule.scenarios:
                yield (feature.title, rule.title, one.title), one.ended
