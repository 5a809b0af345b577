"""A run: one lab, one policy, one seed; candidates come one after another.

What takes time at the start is waiting (for an engine) and reckoning (imports, the forms of all
numbers), so the one goes on beside the other. That is why so much is imported only here and there.
"""

from __future__ import annotations

import contextlib
import gc
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from headgate import __version__, trace
from headgate.errors import LabError

if TYPE_CHECKING:
    from headgate.candidate import Candidate
    from headgate.coverage.coverage import Coverage
    from headgate.engines.engine import Engine
    from headgate.gate.gate import Gate
    from headgate.gate.ground import Ground
    from headgate.gate.sharing import Helpers
    from headgate.judge import Judge
    from headgate.lab.lab import Lab
    from headgate.policy import Policy
    from headgate.population import Population

Progress = Callable[[str], None]


def silent(line: str) -> None:
    """Progress that nobody watches."""


def _spare_the_collector() -> None:
    """Nearly all that a run makes is kept to its end, and none of what it starts with is garbage:
    looking for it takes a tenth of a run's time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Session:
    """Keeps the lab up between candidates, and its control's result.

    Entering returns while the lab is still being put up, since whoever judges has things of its
    own to make ready; the first gate waits for it. What fails meanwhile is raised there. With
    `covering` it measures what of each candidate was entered.
    """

    def __init__(
        self,
        policy: Policy,
        engine: Callable[[Progress], Engine],
        *,
        seed: str | None = None,
        progress: Progress = silent,
        covering: bool = False,
        helpers: Helpers | None = None,
    ) -> None:
        self.policy = policy
        self.seed = seed or secrets.token_hex(8)
        self.progress = progress
        self.covering = covering
        self.helpers = helpers
        self._engine = engine
        self._stack = contextlib.ExitStack()
        self._unseen: set[str] | None = None

    def __enter__(self) -> Self:
        if self.helpers is not None:
            self._stack.enter_context(self.helpers)
        self._preparing = ThreadPoolExecutor(1, "putting up the lab")
        self._ground: Future[Ground] = self._preparing.submit(self._prepare)
        return self

    def _prepare(self) -> Ground:
        with ThreadPoolExecutor(2, "beside the lab") as beside:
            people = beside.submit(self._learn)
            lab = self._put_up(beside)

            from headgate.gate.ground import Ground

            known = people.result()
            _spare_the_collector()
            return Ground(lab, self.policy, self.seed, *known)

    def _put_up(self, beside: ThreadPoolExecutor) -> Lab:
        self.progress("putting up the lab")
        engine = self._stack.enter_context(self._engine(self.progress))

        from headgate.lab.lab import Lab

        lab = Lab(engine, self.seed)
        expected = beside.submit(self._expect_control, lab)
        self._stack.enter_context(lab)
        expected.result()
        trace.first("lab up")
        return lab

    def _expect_control(self, lab: Lab) -> None:
        from headgate.gate.control import faulty_gateway

        lab.expect(faulty_gateway(self.policy).spec)

    def _learn(self) -> tuple[Population, Judge]:
        from headgate.gate.ground import people

        known = people(self.policy, self.seed)
        trace.first("numbers known")
        return known

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._preparing.shutdown()
        self._stack.close()

    def expect(self, candidate: Candidate) -> None:
        """Say which candidate comes next, so that its cage is made while another is judged."""
        self._preparing.submit(lambda: self._ground.result().lab.expect(candidate.spec))

    def unseen_kinds(self) -> set[str]:
        """What the negative control shows that the harness fails to see. Run once a session."""
        from headgate.gate.control import unseen_kinds

        common = self._ground.result()
        if self._unseen is None:
            self.progress("judging the faulty gateway, as a control")
            self._unseen = unseen_kinds(common)
            trace.first("control judged")
        return self._unseen

    @contextlib.contextmanager
    def gate(self, candidate: Candidate) -> Iterator[Gate]:
        """Start a candidate in the lab."""
        from headgate.gate.gate import gate_on

        self.progress(f"starting {candidate.name}")
        with gate_on(self._ground.result(), candidate) as gate:
            trace.first("candidate serves")
            yield gate

    @property
    def lost(self) -> bool:
        """Whether nothing more can be judged in this lab."""
        try:
            self._ground.result().lab.assert_here()
        except LabError:
            return True
        return False

    @property
    def ground(self) -> Ground:
        """What all gates share; waits until the lab is up."""
        return self._ground.result()

    def coverage(self, gate: Gate) -> Coverage | None:
        """What the requests of a gate that has ended enter in its candidate; None where that is not
        asked for."""
        if not self.covering:
            return None
        from headgate.coverage.measure import measured

        self.progress("measuring what was entered")
        if self.helpers is None:
            return measured(gate.candidate, [gate.entered()])
        copies = len(self.helpers) + 1
        others = self.helpers.cover(gate.candidate, copies)
        own = gate.entered(copies, self.helpers.turns)
        return measured(gate.candidate, [own, *others()])

    def environment(self) -> dict[str, str]:
        """What the verdict was reached with; without an engine, where there was none."""
        lab = {} if self._ground.exception() else self._ground.result().lab.engine.facts()
        return {"headgate": __version__, **lab}
