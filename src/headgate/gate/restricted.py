"""`headgate check --family`: nothing but the named request families, without the features.

It answers one question about a candidate in less time. What it finds is found, and rejects; what it
does not find was not looked for elsewhere: it approves nothing, ever.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from headgate import resources
from headgate.candidate import Candidate
from headgate.errors import HeadgateError, NotJudged
from headgate.families import families
from headgate.gate.check import load
from headgate.gate.gate import Gate
from headgate.gate.record import Recorder, Told
from headgate.gate.session import Session
from headgate.record import BROKEN, PASSED
from headgate.verdict import APPROVED, NOT_JUDGED, REJECTED, Verdict
from headgate.yamlfile import meant


def assert_known(ids: Sequence[str]) -> None:
    """HeadgateError for the id of a family that there is not."""
    for one in ids:
        if one not in families():
            raise HeadgateError(f"--family {one}: {meant(one, families())}")


def check_families(
    session: Session, candidates: Sequence[Path], ids: Sequence[str]
) -> Iterator[Verdict]:
    """One verdict a candidate, as soon as it is known, as `check` gives them."""
    defaults = resources.root() / "gateway_config" / "gateway.yaml"
    for path in candidates:
        started = time.monotonic()
        found = load(path, defaults)
        if isinstance(found, Candidate):
            session.expect(found)
            found = restricted(_tried(session, found, ids), ids)
        yield replace(found, seconds=time.monotonic() - started)


def restricted(verdict: Verdict, ids: Sequence[str]) -> Verdict:
    """What may be said, where only these families were sent, of what would be said otherwise."""
    words = f"restricted to {', '.join(ids)}"
    if verdict.verdict == APPROVED:
        reason = (
            f"{words}: no rule was broken in {verdict.requests} requests, which approves nothing"
        )
        return replace(verdict, verdict=NOT_JUDGED, reason=reason)
    if verdict.verdict == REJECTED:
        return replace(verdict, notes=(f"{words}: there may be more", *verdict.notes))
    return replace(verdict, notes=(words,))


def _tried(session: Session, candidate: Candidate, ids: Sequence[str]) -> Verdict:
    recorder = Recorder(candidate, session, started=time.monotonic())
    told = Told(f"the families {', '.join(ids)}", frozenset())
    recorder.scenarios = {"": told}
    try:
        recorder.unseen = session.unseen_kinds()
        with session.gate(candidate) as gate:
            recorder.gate = gate
            _visit(session, gate, ids)
        told.ended, told.problem = PASSED, ""
    except NotJudged as error:
        told.ended, told.problem, told.words = BROKEN, error.reason, error.words
        told.gave_up = True
    return recorder.verdict()


def _visit(session: Session, gate: Gate, ids: Sequence[str]) -> None:
    everyone = [*gate.agreed, *gate.refused, *gate.nobody]
    for one in ids:
        session.progress(families()[one].sentence)
        gate.visit(one, by=everyone)
    gate.stop()
    gate.crossed()
