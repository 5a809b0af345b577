"""A run: one lab, one policy, one seed; candidates come one after another."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from headgate import __version__
from headgate.candidate import Candidate
from headgate.coverage.coverage import Coverage
from headgate.engines.engine import Engine
from headgate.gate.control import faulty_gateway, unseen_kinds
from headgate.gate.gate import Gate, Ground, gate_on, ground
from headgate.lab.lab import Lab
from headgate.policy import Policy

Progress = Callable[[str], None]


def silent(line: str) -> None:
    """Progress that nobody watches."""


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
    ) -> None:
        self.policy = policy
        self.seed = seed or secrets.token_hex(8)
        self.progress = progress
        self.covering = covering
        self._engine = engine
        self._stack = contextlib.ExitStack()
        self._unseen: set[str] | None = None

    def __enter__(self) -> Self:
        self._preparing = ThreadPoolExecutor(1, "putting up the lab")
        self._ground: Future[Ground] = self._preparing.submit(self._prepare)
        return self

    def _prepare(self) -> Ground:
        self.progress("putting up the lab")
        engine = self._stack.enter_context(self._engine(self.progress))
        lab = self._stack.enter_context(Lab(engine, self.seed))
        lab.expect(faulty_gateway(self.policy).spec)
        return ground(lab, self.policy, self.seed)

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
        common = self._ground.result()
        if self._unseen is None:
            self.progress("judging the faulty gateway, as a control")
            self._unseen = unseen_kinds(common)
        return self._unseen

    @contextlib.contextmanager
    def gate(self, candidate: Candidate) -> Iterator[Gate]:
        """Start a candidate in the lab."""
        self.progress(f"starting {candidate.name}")
        with gate_on(self._ground.result(), candidate) as gate:
            yield gate

    def coverage(self, gate: Gate) -> Coverage | None:
        """What the requests of a gate that has ended enter in its candidate; None where that is not
        asked for."""
        if not self.covering:
            return None
        self.progress("measuring what was entered")
        return gate.coverage()

    def environment(self) -> dict[str, str]:
        """What the verdict was reached with; without an engine, where there was none."""
        lab = {} if self._ground.exception() else self._ground.result().lab.engine.facts()
        return {"headgate": __version__, **lab}
