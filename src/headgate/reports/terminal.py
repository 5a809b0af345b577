"""A verdict for a person at a terminal, or for a log that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.verdict import APPROVED, REJECTED, Finding, Verdict

# Rows of the table; the rest is counted, and stands in verdict.json.
MOST_ROWS = 12
_COLUMNS = ("kind", "site", "subscriber", "where", "form", "how many")
_WIDEST = 40

_COLOURS = {APPROVED: "32", REJECTED: "31"}


def lines(verdict: Verdict, *, colour: bool = False) -> Iterator[str]:
    """The verdict, its reason, the findings in a table, and the first sample of each kind."""
    word = verdict.verdict
    if colour:
        word = f"\033[1;{_COLOURS.get(word, '33')}m{word}\033[0m"
    yield f"{verdict.candidate}: {word}"
    yield f"  {verdict.reason}"
    yield from (f"  | {line}" for line in verdict.words.splitlines())
    yield from (f"  note: {note}" for note in verdict.notes)
    if verdict.findings:
        yield ""
        yield from (f"  {line}" for line in table(verdict.findings))
        yield ""
        yield from _samples(verdict.findings)
    yield (
        f"  {verdict.requests} requests, {verdict.sites} sites, {verdict.handsets} handsets, "
        f"{verdict.seconds:.1f} s, seed {verdict.seed}"
    )


def table(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings in columns, the most frequent kind's first."""
    shown = findings[:MOST_ROWS]
    rows = [_COLUMNS, *(_row(finding) for finding in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if left := findings[MOST_ROWS:]:
        yield f"... and {len(left)} more rows, {sum(one.count for one in left)} disclosures"


def _row(finding: Finding) -> tuple[str, ...]:
    cells = (finding.kind, finding.site, finding.subscriber, finding.where, finding.form)
    return (*(_short(cell) for cell in cells), str(finding.count))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _samples(findings: Sequence[Finding]) -> Iterator[str]:
    seen: set[str] = set()
    for finding in findings:
        if finding.kind not in seen:
            seen.add(finding.kind)
            yield f"  first {finding.kind} ({finding.request or 'at the end'}): {finding.sample}"
