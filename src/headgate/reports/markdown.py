"""A verdict for a merge request: Markdown that reads well rendered and as it is.

Code hosts cut a comment or a step's summary that is too long, in the middle of whatever stands
there: rows are left out here instead, and counted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from headgate.reports.findings import Group, Plain, groups_of
from headgate.reports.kinds import kind_of
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED

MOST_BYTES = 64 << 10
# So many rows of one candidate's table, and so many lines of what its gateway said.
MOST_ROWS = 20
_MOST_WORDS = 30
_WIDEST = 120

_MARKS = {APPROVED: "✅", REJECTED: "❌", NOT_JUDGED: "⚠️"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#~])")


def markdown(records: Sequence[Plain]) -> str:
    """The whole summary, under 64 KiB."""
    parts = [_heading(records), *map(_candidate, records)]
    text, left = "", len(parts)
    for part in parts:
        if len((text + part).encode()) > MOST_BYTES - 200:
            break
        text += part
        left -= 1
    return text + (f"\n… and {left} more candidates, which verdict.json has.\n" if left else "")


def _heading(records: Sequence[Plain]) -> str:
    if len(records) < 2:
        return "## Headgate\n"
    verdicts = [one["verdict"] for one in records]
    rows = [(_mark(one), f"`{_code(one['candidate'])}`", _text(one["reason"])) for one in verdicts]
    table = _table(("", "candidate", "reason"), rows[:MOST_ROWS])
    more = f"\n… and {len(rows) - MOST_ROWS} more.\n" if len(rows) > MOST_ROWS else ""
    return f"## Headgate: {len(records)} candidates\n\n{table}{more}"


def _mark(verdict: Plain) -> str:
    return f"{_MARKS[verdict['verdict']]} {verdict['verdict']}"


def _candidate(record: Plain) -> str:
    verdict = record["verdict"]
    lines = [
        "",
        f"### {_mark(verdict)}: `{_code(verdict['candidate'])}`",
        "",
        _text(verdict["reason"]),
        "",
        *_said(verdict),
        *_findings(groups_of(record)),
        *(f"- {_text(note)}" for note in verdict["notes"]),
        _figures(verdict) + "  ",  # two spaces: the line ends here
        f"digest `{verdict['digest'] or 'none'}`",
    ]
    return "\n".join(lines) + "\n"


def _figures(verdict: Plain) -> str:
    seed = _code(verdict["seed"] or "-")
    return (
        f"{verdict['requests']} requests, {verdict['sites']} sites, "
        f"{verdict['handsets']} handsets, {verdict['seconds']:.1f} s, seed `{seed}`"
    )


def _said(verdict: Plain) -> Iterator[str]:
    if said := verdict["words"].splitlines():
        yield "```text"
        yield from (line[:300].replace("```", "'''") for line in said[:_MOST_WORDS])
        yield "```"
        yield ""


def _findings(groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        return
    yield _table(
        ("kind", "what was seen", "subscriber", "where to look"), map(_row, groups[:MOST_ROWS])
    )
    if len(groups) > MOST_ROWS:
        yield f"… and {len(groups) - MOST_ROWS} more, which verdict.json has."
        yield ""
    yield from _samples(groups[:MOST_ROWS])


def _row(group: Group) -> tuple[str, ...]:
    place = group.places[0]
    who = group.findings[0]["subscriber"] if group.findings else ""
    where = f"`{_code(place.file)}:{place.line}`"
    return (f"**{group.kind}**", _text(group.words), _text(who), where)


def _samples(groups: Iterable[Group]) -> Iterator[str]:
    seen: set[str] = set()
    for group in groups:
        if group.kind in seen:
            continue
        seen.add(group.kind)
        kind = kind_of(group.kind)
        yield f"<details><summary>{html.escape(kind.title)}</summary>"
        yield ""
        yield f"{kind.meaning} {kind.mending}"
        if group.findings and (sample := group.findings[0]["sample"]):
            yield ""
            yield f"`` {_code(sample)[:400]} ``"
        yield ""
        yield "</details>"
        yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    barred = ([cell.replace("|", "\\|") for cell in cells] for cells in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in barred)


def _text(text: str) -> str:
    """Words of others, which must not be read as Markdown, nor notify anybody by an `@name`."""
    cut = text if len(text) <= 2 * _WIDEST else text[: 2 * _WIDEST - 1] + "…"
    plain = "".join(c if c.isprintable() else " " for c in cut)
    return _SPECIAL.sub(r"\\\1", plain).replace("@", "@\N{WORD JOINER}")


def _code(text: str) -> str:
    """Words of others inside backticks."""
    return "".join(c if c.isprintable() else " " for c in text).replace("`", "'")
