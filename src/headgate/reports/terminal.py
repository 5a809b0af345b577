"""A verdict for a person at a terminal, or for a log that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.coverage.coverage import Coverage
from headgate.verdict import APPROVED, REJECTED, Finding, Verdict

# Rows of the table; the rest is counted, and stands in verdict.json.
MOST_ROWS = 12
# Branches that were never entered, by name; of the others the number.
MOST_BRANCHES = 5
_COLUMNS = ("kind", "site", "subscriber", "where", "form", "how many")
_WIDEST = 40

_COLOURS = {APPROVED: "32", REJECTED: "31"}


def lines(verdict: Verdict, *, colour: bool = False) -> Iterator[str]:
    """The verdict, its reason, the findings in a table, and the first sample of each kind."""
    word = verdict.verdict
    if colour:
        word = f"\033[1;{_COLOURS.get(word, '33')}m{word}\033[0m"
    yield f"{_printable(verdict.candidate)}: {word}"
    yield from map(_printable, _details(verdict))


def _details(verdict: Verdict) -> Iterator[str]:
    yield f"  {verdict.reason}"
    yield from (f"  | {line}" for line in verdict.words.splitlines())
    yield from (f"  note: {note}" for note in verdict.notes)
    if verdict.findings:
        yield ""
        yield from (f"  {line}" for line in table(verdict.findings))
        yield ""
        yield from _samples(verdict.findings)
    if verdict.coverage:
        yield from (f"  {line}" for line in coverage_lines(verdict.coverage))
    yield (
        f"  {verdict.requests} requests, {verdict.sites} sites, {verdict.handsets} handsets, "
        f"{verdict.seconds:.1f} s, seed {verdict.seed}"
    )


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """What was entered, in one line; then the first of what never was."""
    if coverage.why:
        yield f"warning: {coverage.doubt}"
        return
    yield "entered " + ", ".join(
        f"{figure.entered} of {figure.all} {kind}" for kind, figure in coverage.figures.items()
    )
    yield from (f"warning: never entered: {place}" for place in coverage.never[:MOST_BRANCHES])
    if left := coverage.never[MOST_BRANCHES:]:
        yield f"warning: and {len(left)} more never entered, which verdict.json has"


def table(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings in columns; the sites at which one thing went wrong in one way share a row."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, finding.where, finding.form), []).append(finding)
    rows = [_COLUMNS, *map(_row, [*groups.values()][:MOST_ROWS])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if left := [*groups.values()][MOST_ROWS:]:
        yield f"... and {len(left)} more rows, which verdict.json has"


def _row(group: Sequence[Finding]) -> tuple[str, ...]:
    first = group[0]
    site = _short(first.site)
    if len(group) > 1:
        site += f" and {len(group) - 1} more"
    count = sum(finding.count for finding in group)
    cells = (first.kind, site, first.subscriber, _short(first.where), _short(first.form))
    return (*cells, str(count))


def _printable(text: str) -> str:
    """What a gateway said or sent must not steer the terminal that shows it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _samples(findings: Sequence[Finding]) -> Iterator[str]:
    seen: set[str] = set()
    for finding in findings:
        if finding.kind not in seen:
            seen.add(finding.kind)
            yield f"  first {finding.kind} ({finding.request or 'at the end'}): {finding.sample}"
