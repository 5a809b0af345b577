"""What a person did wrong, in words that say where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input: `where` is `file:line:column`, as far as known."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class HeadgateError(Exception):
    """An error that is told to a person in its own words, without a traceback."""


class InputError(HeadgateError):
    """A policy, a candidate or an option that cannot be used, with every problem found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class LabError(HeadgateError):
    """The lab could not do its work: the engine is down, a node died, an image is missing."""


class NotJudged(HeadgateError):
    """The candidate cannot be judged: `reason` in one line, `words` as the gateway said them."""

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__("\n".join(filter(None, [reason, words])))
        self.reason = reason
        self.words = words

    def __reduce__(self) -> tuple[type[NotJudged], tuple[str, str]]:
        return NotJudged, (self.reason, self.words)
