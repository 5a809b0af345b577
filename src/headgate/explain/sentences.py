"""An explanation in a sentence for a person."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.disclosure import MISSING
from headgate.explain.explanation import Place
from headgate.explain.search import Found

ALONE = (
    "not shown again at every time by its request alone: it may take what came before, or chance"
)

SELDOM = " (it shows in a share of all requests alone)"


def sentence(kind: str, found: Found | None, places: Sequence[Place]) -> str:
    """What the lines do; where there are none, why not."""
    if found is None:
        return ALONE
    if not found.edits:
        bound = ", within the starts that a check allows itself" if found.spent else ""
        return f"no line was found that makes the difference{bound}: something may be lacking"
    count = sum(len(one.spans) for one in found.edits)
    named = " and ".join(f"{one.file}:{one.line}" for one in places[: max(1, count)])
    without = "the number is there" if kind == MISSING else f"there is no {kind}"
    harm = "all else stays as it is" if found.mends else "permitted sites lose the number too"
    return f"it is owed to {named}: without it {without}, and {harm}"
