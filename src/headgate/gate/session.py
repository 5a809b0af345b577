"""A run: one lab, one policy, one seed; candidates come one after another."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from headgate import __version__
from headgate.candidate import Candidate
from headgate.engines.engine import Engine
from headgate.gate.control import unseen_kinds
from headgate.gate.gate import Gate, gate_on
from headgate.lab.lab import Lab
from headgate.policy import Policy

Progress = Callable[[str], None]


def silent(line: str) -> None:
    """Progress that nobody watches."""


class Session:
    """Keeps the lab up between candidates, and its control's result."""

    def __init__(
        self,
        policy: Policy,
        engine: Callable[[Progress], Engine],
        *,
        seed: str | None = None,
        progress: Progress = silent,
    ) -> None:
        self.policy = policy
        self.seed = seed or secrets.token_hex(8)
        self.progress = progress
        self._engine = engine
        self._stack = contextlib.ExitStack()
        self._unseen: set[str] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.progress("putting up the lab")
            self._engine_used = stack.enter_context(self._engine(self.progress))
            self._lab = stack.enter_context(Lab(self._engine_used, self.seed))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def unseen_kinds(self) -> set[str]:
        """What the negative control shows that the harness fails to see. Run once a session."""
        if self._unseen is None:
            self.progress("judging the faulty gateway, as a control")
            self._unseen = unseen_kinds(self._lab, self.policy, self.seed)
        return self._unseen

    @contextlib.contextmanager
    def gate(self, candidate: Candidate) -> Iterator[Gate]:
        """Start a candidate in the lab."""
        self.progress(f"starting {candidate.name}")
        with gate_on(self._lab, candidate, self.policy, self.seed) as gate:
            yield gate

    def environment(self) -> dict[str, str]:
        return {"headgate": __version__, **self._engine_used.facts()}
