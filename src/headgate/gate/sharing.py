"""One candidate judged on several cores: processes with a lab each share its scenarios.

Each takes the next scenario that nobody has taken, in the order that all of them have, and each
draws it by the seed and the scenario alone: so the requests are the same, whoever sends them. What
looks back on a run (`at_the_end`) is left to the process that was asked for the verdict. It hears
first what the others have seen, and speaks for their gates too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from headgate import numbers
from headgate.candidate import Candidate
from headgate.gate.terms import Terms
from headgate.gate.workers import Crew, Failed, Spent

if TYPE_CHECKING:
    from headgate.coverage.measure import Told as Entered
    from headgate.gate.gate import Gate
    from headgate.gate.keeping import Kept
    from headgate.gate.portion import Portion
    from headgate.gate.record import Told
    from headgate.gate.session import Session

# More processes beside this one would spend more on their controls than they save.
MOST = 3


@dataclass(frozen=True)
class Task:
    """What the others are asked about a candidate: to share its scenarios, or, when they have, what
    their requests enter in it, told by so many `copies` together."""

    candidate: Candidate
    copies: int = 0

    @property
    def name(self) -> str:
        return self.candidate.name


@dataclass(frozen=True)
class Share:
    """What one process brings back: its scenarios, how they ended and pytest's reports on them;
    what its gate has seen, if it had one; what it would not have seen, by its own control."""

    scenarios: Mapping[str, Told] = field(default_factory=dict)
    reports: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    portion: Portion | None = None
    unseen: set[str] | None = None
    kept: Kept | None = None


class Turns:
    """Which scenario, or what else is to be done once, is the next one that nobody has taken: a
    pipe has the places of all that are left, and whoever reads one of them has taken it."""

    _PLACE = struct.Struct("=H")  # a read of so little is never given half of it
    _MOST = 16384  # what a pipe holds, half full

    def __init__(self) -> None:
        self._left, self._filled = multiprocessing.Pipe(duplex=False)
        os.set_blocking(self._left.fileno(), False)

    def __iter__(self) -> Iterator[int]:
        """The places that nobody else takes."""
        while (taken := self.take()) is not None:
            yield taken

    def begin(self) -> None:
        """All are there to be taken."""
        self.end()
        os.write(self._filled.fileno(), b"".join(map(self._PLACE.pack, range(self._MOST))))

    def end(self) -> None:
        """None is any more."""
        for _ in self:
            pass

    def take(self) -> int | None:
        """The place of one that is the taker's from now on, if any is left."""
        try:
            (taken,) = self._PLACE.unpack(os.read(self._left.fileno(), self._PLACE.size))
        except BlockingIOError:
            return None
        return int(taken)


class Helpers(Crew[Task, Any]):
    """The other processes that judge what this one judges, so many at most. They will be asked
    what was entered, where that is `covered`."""

    def __init__(
        self, terms: Terms, count: int, progress: Callable[[str], None], *, covered: bool
    ) -> None:
        self.turns = Turns()
        bench = partial(_bench, terms=terms, turns=self.turns, covered=covered)
        super().__init__(bench, min(count, MOST), progress)
        self._candidate: Candidate | None = None

    def begin(self, candidate: Candidate) -> None:
        """Share the scenarios of this candidate from now on."""
        self.turns.begin()
        self._candidate = candidate
        self.give(Task(candidate))

    def shares(self) -> list[Share | Failed]:
        """What the others have done, when all scenarios are carried out; nothing, where that was
        asked for before."""
        if self._candidate is None:
            return []
        self._candidate = None
        return self.answers()

    def settle(self) -> None:
        """Let the others end with the scenarios that they are at, whatever came of them."""
        self.turns.end()
        self.shares()

    def cover(self, candidate: Candidate, copies: int) -> Callable[[], list[Entered]]:
        """Ask what the requests of the others enter; what is returned waits for it."""
        from headgate.coverage.measure import Told as Entered

        self.settle()
        self.turns.begin()
        self.give(Task(candidate, copies))

        def entered() -> list[Entered]:
            found = [one for one in self.answers() if one]
            return [Entered(why=x.why) if isinstance(x, Failed) else x for x in found]

        return entered


@contextlib.contextmanager
def _bench(
    first: Task, tell: Callable[[str], None], terms: Terms, turns: Turns, covered: bool
) -> Iterator[Callable[[Task], object]]:
    from headgate.engines.choice import engine_named
    from headgate.gate.session import Session

    engine = engine_named(terms.engine)
    with (
        numbers.revealed() if terms.reveal else contextlib.nullcontext(),
        Session(terms.policy, engine, seed=terms.seed, covering=covered) as session,
    ):
        yield _Answering(session, terms, turns, tell)


class _Answering:
    """Answers one task after another, in one session."""

    def __init__(
        self, session: Session, terms: Terms, turns: Turns, tell: Callable[[str], None]
    ) -> None:
        self._session = session
        self._tell = tell
        self._terms = terms
        self._turns = turns
        self._gate: Gate | None = None

    def __call__(self, task: Task) -> Share | Entered | None:
        if task.copies:
            return self._gate.entered(task.copies, self._turns) if self._gate else None
        share = self._share(task.candidate)
        if self._session.lost:
            raise Spent(share)
        return share

    def _share(self, candidate: Candidate) -> Share:
        from headgate.gate.check import Run
        from headgate.gate.keeping import Keeper
        from headgate.gate.turns import Helping

        terms = self._terms
        self._session.expect(candidate)
        helping = Helping(self._turns)
        keeper = terms.keeping and Keeper(terms.keeping, terms.policy, candidate)
        run = Run(self._session, candidate, helping=True, tell=self._tell)
        run.carry_out(terms.features, [helping, *([keeper] if keeper else [])])
        recorder = run.recorder
        self._gate = recorder.gate
        return Share(
            recorder.scenarios,
            tuple(helping.reports),
            tuple(recorder.problems),
            recorder.portion,
            recorder.unseen,
            keeper.kept() if keeper else None,
        )
