"""Two candidates of one run side by side: what of the second is better than of the first, and what
is worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.record import PASSED, Cell, Record
from headgate.reports.kinds import kind_of
from headgate.reports.pages import view
from headgate.verdict import APPROVED

# So many changes of one sort are told; the rest is counted.
MOST = 12


@dataclass(frozen=True)
class Change:
    """`what` changed, and how."""

    what: str
    how: str


@dataclass(frozen=True)
class Comparison:
    """`alike` counts the scenarios that both held or both broke."""

    better: Sequence[Change]
    worse: Sequence[Change]
    alike: int


def compare(first: Record, second: Record) -> Comparison:
    better, worse = [], []
    for find in (_verdict, _findings, _cells, _scenarios):
        better += _few(list(find(second, first)))
        worse += _few(list(find(first, second)))
    ended, before = dict(view.scenarios(second.evidence)), dict(view.scenarios(first.evidence))
    alike = sum(ended.get(one) == how for one, how in before.items())
    return Comparison(better, worse, alike)


# Each of these tells what is worse with the second of two than with the first.


def _verdict(sound: Record, faulty: Record) -> Iterator[Change]:
    if sound.verdict.verdict == APPROVED != faulty.verdict.verdict:
        yield Change("the verdict", f"{faulty.verdict.verdict} against {APPROVED}")


def _findings(sound: Record, faulty: Record) -> Iterator[Change]:
    known = {(one.kind, one.where, one.form) for one in view.findings(sound)}
    for one in view.findings(faulty):
        if (one.kind, one.where, one.form) not in known:
            places = view.plural(len(one.sites) + one.more, "place")
            what = f"{one.kind}: {kind_of(one.kind).title[:1].lower()}{kind_of(one.kind).title[1:]}"
            yield Change(what, f"{one.where}, at {places}")


def _cells(sound: Record, faulty: Record) -> Iterator[Change]:
    before = _bad(sound)
    for place, cell in _bad(faulty).items():
        if not cell.requests or place in before:
            continue
        wrong = view.plural(cell.wrong + cell.missing, "request")
        how = f"{wrong} of {view.count(cell.requests)} broke the policy"
        yield Change(f"{cell.group}, {cell.mode}, {cell.state}", how)


def _bad(record: Record) -> Mapping[tuple[str, str, str], Cell]:
    cells = record.evidence.matrix.cells
    return {(one.group, one.mode, one.state): one for one in cells if one.wrong or one.missing}


def _scenarios(sound: Record, faulty: Record) -> Iterator[Change]:
    held = {one for one, ended in view.scenarios(sound.evidence) if ended == PASSED}
    for one, ended in view.scenarios(faulty.evidence):
        if one in held and ended != PASSED:
            yield Change(f"“{one[-1]}”", f"{ended}; it held with the other")


def _few(changes: Sequence[Change]) -> list[Change]:
    left = len(changes) - MOST
    more = [Change("and", f"{left} more of the kind")] if left > 0 else []
    return [*changes[:MOST], *more]
