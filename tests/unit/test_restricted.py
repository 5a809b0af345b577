"""A run that was restricted to some families rejects what it finds, and approves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.test_terminal import LEAK

from headgate.errors import HeadgateError
from headgate.gate.restricted import assert_known, restricted
from headgate.verdict import APPROVED, EXIT, NOT_JUDGED, REJECTED, Verdict

IDS = ("permitted", "ordinary")
WORDS = "restricted to permitted, ordinary"


@pytest.mark.parametrize("word", EXIT)
def test_no_restricted_run_approves(word: str) -> None:
    verdict = restricted(Verdict("a", "", word, "the reason", requests=312), IDS)
    assert verdict.verdict == (NOT_JUDGED if word == APPROVED else word)


def test_where_nothing_was_found_it_says_what_was_not_looked_for() -> None:
    verdict = restricted(Verdict("a", "", APPROVED, "every rule held", requests=312), IDS)
    assert verdict.reason == f"{WORDS}: no rule was broken in 312 requests, which approves nothing"


def test_where_something_was_found_there_may_be_more() -> None:
    found = Verdict("a", "", REJECTED, "leak", (LEAK,), notes=("a doubt",))
    verdict = restricted(found, IDS)
    assert (verdict.reason, verdict.findings) == ("leak", (LEAK,))
    assert verdict.notes == (f"{WORDS}: there may be more", "a doubt")


def test_where_nothing_was_judged_the_reason_stays() -> None:
    verdict = restricted(Verdict("a", "", NOT_JUDGED, "does not load"), IDS)
    assert (verdict.reason, verdict.notes) == ("does not load", (WORDS,))


def test_a_family_that_there_is_not_is_told_with_what_was_meant(tmp_path: Path) -> None:
    assert_known(IDS)
    with pytest.raises(HeadgateError, match=r"^--family ordinry: did you mean `ordinary`\?$"):
        assert_known(["permitted", "ordinry"])
