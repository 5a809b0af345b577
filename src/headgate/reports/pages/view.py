"""What a page shows, as its templates need it: findings in groups, the matrix in rows, a file's
lines with their colours. Pure: records in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from headgate.differential import DEPENDS
from headgate.disclosure import STORE
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
    does: str = ""


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
    command: str
    places: Sequence[Place]


def findings(record: Record) -> list[Group]:
    """The findings in groups, those that tell a number before those that miss one."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    names: dict[tuple[str, str, str], str] = {}
    for number, one in enumerate(record.verdict.findings, 1):
        key = (one.kind, one.where, one.form)
        alike.setdefault(key, []).append(one)
        names.setdefault(key, f"F{number}")
    ordered = sorted(alike, key=lambda key: key[0] == "missing")
    return [_group(alike[key], names[key], record.evidence) for key in ordered]


def _group(group: Sequence[Finding], name: str, evidence: Evidence) -> Group:
    """`name` is the id of the first finding, by which explanations speak of it."""
    first = group[0]
    sites = list(dict.fromkeys(one.site for one in group))
    told = next((one for one in evidence.explanations if name in one["findings"]), {})
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
        explanation=str(told.get("sentence") or ""),
        minimal=_minimal(told.get("request")),
        command=str(told.get("curl") or ""),
        places=[_place(place, evidence.files) for place in told.get("places", ())],
    )


def segments(text: str) -> Segments:
    """The text, cut where what is left of a number begins and ends."""
    found, at = [], 0
    for match in _MASKED.finditer(text):
        found += [(text[at : match.start()], False), (match[0], True)]
        at = match.end()
    return [one for one in (*found, (text[at:], False)) if one[0]]


def _minimal(request: Mapping[str, Any] | None) -> str:
    """The bytes of the least that shows a finding, as lines; their ends have been spelled out."""
    sent = [str(one["raw"]) for one in request["requests"]] if request else []
    return "\n".join(sent).replace("\\r\n", "\n").rstrip("\n")


def _place(told: Mapping[str, Any], files: Mapping[str, str]) -> Place:
    file, line = str(told["file"]), int(told["line"])
    lines = files.get(file, "").splitlines()
    there = lines[line - 1] if 0 < line <= len(lines) else str(told.get("text") or "")
    return Place(file, line, there.strip(), str(told.get("does") or ""))


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


# Coverage, and files


@dataclass(frozen=True)
class Coverage:
    """What of the config was entered: `figures` are kind, entered and all; `why` says why nothing
    was measured, where that is so."""

    figures: Sequence[tuple[str, int, int]] = ()
    never: Sequence[Place] = ()
    why: str = ""


def coverage(evidence: Evidence) -> Coverage:
    told = evidence.coverage
    if told is None:
        return Coverage(why="nobody asked for it")
    figures = [
        (kind, int(one["entered"]), int(one["all"]))
        for kind, one in told.get("figures", {}).items()
    ]
    never = [Place(one["file"], one["line"], one["words"]) for one in told.get("never_entered", ())]
    return Coverage(figures, never, str(told.get("why") or ""))


_STATES = {"entered": "entered", "never entered": "never", "not measurable": "unmeasurable"}


def _states(told: Mapping[str, Sequence[int]]) -> dict[int, str]:
    """A file's lines with their states, from each state with its lines."""
    return {
        line: _STATES.get(state, "unmeasurable") for state, lines in told.items() for line in lines
    }


@dataclass(frozen=True)
class Line:
    """`state` is entered, never or unmeasurable; nothing where a line is in no branch."""

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
    lines = (evidence.coverage or {}).get("lines", {})
    found = [
        _file(path, text, _states(lines.get(path, {}))) for path, text in evidence.files.items()
    ]
    return sorted(found, key=lambda one: (not one.never, not one.measured))


def _file(path: str, text: str, states: Mapping[int, str]) -> File:
    lines = [
        Line(number, line, states.get(number, ""))
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
