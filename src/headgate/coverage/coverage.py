"""What the verdict says of coverage: figures, what was never entered, the state of each line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

ENTERED, NEVER, UNMEASURED = "entered", "never entered", "not measurable"

Lines = Mapping[str, Mapping[int, str]]
"""By file and line number one of the three states; other lines are in no branch."""


class Figure(NamedTuple):
    """How many were entered, of all that there are."""

    entered: int
    all: int


@dataclass(frozen=True)
class Place:
    """A branch, or lines of Lua in a row, from `line` to `last`; `words` are for a person."""

    kind: str
    file: str
    line: int
    last: int
    words: str

    def __str__(self) -> str:
        end = f"-{self.last}" if self.last != self.line else ""
        return f"{self.file}:{self.line}{end}: {self.words}"


@dataclass(frozen=True)
class Coverage:
    """`figures` are by kind; `never` and `unmeasured` name places in the order of the text.
    `requests` are those that it was measured with. `why` says why nothing was measured, and is
    empty where something was."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    never: tuple[Place, ...] = ()
    unmeasured: tuple[Place, ...] = ()
    lines: Lines = field(default_factory=dict, repr=False)
    requests: int = 0
    seconds: float = 0.0
    why: str = ""

    @property
    def doubt(self) -> str:
        """Why a strict judge would not approve; empty where all was entered."""
        if self.why:
            return f"coverage not measured: {self.why}"
        if not self.never:
            return ""
        some = "1 branch was" if len(self.never) == 1 else f"{len(self.never)} branches were"
        return f"{some} never entered: {self.never[0]}"

    def as_json(self) -> dict[str, Any]:
        """The object that `verdict.json` has under `coverage`."""
        return {
            "measured": not self.why,
            "why": self.why,
            "figures": {kind: figure._asdict() for kind, figure in self.figures.items()},
            "never_entered": [asdict(place) for place in self.never],
            "not_measurable": [asdict(place) for place in self.unmeasured],
            "lines": {name: _by_state(states) for name, states in self.lines.items()},
            "requests": self.requests,
            "seconds": round(self.seconds, 2),
        }


NOT_MEASURED = Coverage(why="the run ended before")


def _by_state(states: Mapping[int, str]) -> dict[str, list[int]]:
    """The numbers of a file's lines by their state."""
    return {
        state: found
        for state in (ENTERED, NEVER, UNMEASURED)
        if (found := sorted(line for line, its in states.items() if its == state))
    }


def in_rows(numbers: Iterable[int], others: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers in a row as first and last of each; one of the others between two parts them."""
    between = set(others)
    row: list[int] = []
    for number in sorted(set(numbers)):
        if row and between & set(range(row[-1] + 1, number)):
            yield row[0], row[-1]
            row = []
        row.append(number)
    if row:
        yield row[0], row[-1]
