"""`headgate check` on several candidates at a time: a warm lab in each of several processes.

Verdicts come in the order in which they are ready. What befalls the process or the lab that judges
one candidate is in that candidate's verdict; the others go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.errors import LabError
from headgate.gate.terms import Terms
from headgate.numbers import mask_numbers, revealed
from headgate.verdict import NOT_JUDGED, Verdict

if TYPE_CHECKING:
    from headgate.gate.session import Session
    from headgate.gate.workers import Heard


@dataclass(frozen=True)
class _Asked:
    """A candidate, by its place on the command line."""

    at: int
    path: Path

    @property
    def name(self) -> str:
        return str(self.path)


def check_many(
    candidates: Sequence[Path], terms: Terms, jobs: int, heard: Heard
) -> Generator[tuple[int, Verdict]]:
    """Judge them in `jobs` processes: each verdict with its candidate's place.

    LabError when more have failed in a row than are judged at a time: it is not they that are at
    fault then.
    """
    from headgate.gate.workers import judge_all

    tasks = [_Asked(at, path) for at, path in enumerate(candidates)]
    failures = 0
    with contextlib.closing(
        judge_all(tasks, jobs, partial(_bench, terms=terms), heard=heard)
    ) as answers:
        for task, answer in answers:
            if isinstance(answer, Verdict):
                failures = 0
                yield task.at, answer
                continue
            failures += 1
            why = mask_numbers(answer.why)
            yield task.at, Verdict(task.name, "", NOT_JUDGED, why, seed=terms.seed)
            if failures > jobs:
                raise LabError(why)


def check_here(session: Session, candidates: Sequence[Path], terms: Terms) -> Iterator[Verdict]:
    """Judge them one after another, in this session."""
    if terms.families:
        from headgate.gate.restricted import check_families

        return check_families(session, candidates, terms.families)
    from headgate.gate.check import check

    return check(
        session,
        candidates,
        terms.features,
        keeping=terms.keeping,
        strict=terms.strict,
        explain=terms.explain,
    )


@contextlib.contextmanager
def _bench(
    first: _Asked, tell: Callable[[str], None], terms: Terms
) -> Iterator[Callable[[_Asked], Verdict]]:
    from headgate.engines.choice import engine_named
    from headgate.gate.session import Session
    from headgate.gate.workers import Spent

    with (
        revealed() if terms.reveal else contextlib.nullcontext(),
        Session(
            terms.policy,
            engine_named(terms.engine),
            seed=terms.seed,
            progress=tell,
            covering=True,
        ) as session,
    ):

        def judge(asked: _Asked) -> Verdict:
            (verdict,) = check_here(session, [asked.path], terms)
            if session.lost:
                raise Spent(verdict)
            return verdict

        yield judge
