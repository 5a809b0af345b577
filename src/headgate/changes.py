"""What is otherwise in a verdict than in the one before, for whoever has just saved a file."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.reports.terminal import printable, table
from headgate.verdict import Finding, Verdict

Key = tuple[str, str, str]


def changes(before: Verdict | None, now: Verdict) -> Iterator[str]:
    """Lines: the verdict, and what has come and gone. Without a verdict before, all is new.

    Findings are the same where kind, place and form are: at how many sites, and at which, differs
    from one run to the next.
    """
    if before and before.verdict == now.verdict:
        yield f"{now.verdict} as before ({now.seconds:.1f} s)"
    elif before:
        yield f"{now.verdict}, and was {before.verdict} ({now.seconds:.1f} s)"
    else:
        yield f"{now.verdict} ({now.seconds:.1f} s)"
    if not before or before.reason != now.reason:
        yield from map(printable, _why(now, before))
    old, new = _by_key(before), _by_key(now)
    yield from _listed("new", [one for key in new if key not in old for one in new[key]])
    yield from _listed("gone", [one for key in old if key not in new for one in old[key]])


def _why(now: Verdict, before: Verdict | None) -> Iterator[str]:
    """The reason, where it says more than the findings that follow."""
    if not now.findings or not before:
        yield f"  {now.reason}"
    yield from (f"  | {line}" for line in now.words.splitlines())
    yield from (f"  note: {note}" for note in now.notes)


def _by_key(verdict: Verdict | None) -> dict[Key, list[Finding]]:
    groups: dict[Key, list[Finding]] = {}
    for one in verdict.findings if verdict else ():
        groups.setdefault((one.kind, one.where, one.form), []).append(one)
    return groups


def _listed(word: str, findings: list[Finding]) -> Iterator[str]:
    if findings:
        yield f"  {word}:"
        yield from (f"    {printable(line)}" for line in table(findings))
