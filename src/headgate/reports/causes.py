"""What findings are owed to, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.explain.explanation import Explanation

# Groups that are shown; verdict.json has them all.
MOST = 3


def causes(explanations: Sequence[Explanation]) -> Iterator[str]:
    """For each of the first groups: whose cause it is, the lines, and how to see it again."""
    for one in explanations[:MOST]:
        yield f"  {_named(one.findings)}: {one.sentence}"
        yield from (f"    {place.file}:{place.line}  {place.text}" for place in one.places)
        if one.curl:
            yield f"    $ {one.curl}"
    if left := explanations[MOST:]:
        yield f"  ... and {len(left)} more groups, which verdict.json has"
    if explanations:
        yield ""


def _named(findings: Sequence[str]) -> str:
    first = ", ".join(findings[:3])
    return first if len(findings) <= 3 else f"{first} and {len(findings) - 3} more"
