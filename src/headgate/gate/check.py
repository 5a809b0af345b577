"""`headgate check`: pytest on the features, once for each candidate, in one warm lab."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headgate import resources, trace
from headgate.candidate import Candidate, load_candidate
from headgate.errors import HeadgateError, InputError
from headgate.gate import plugin
from headgate.gate.gate import Gate
from headgate.gate.record import Recorder
from headgate.gate.session import Session
from headgate.numbers import mask_numbers
from headgate.verdict import NOT_JUDGED, REJECTED, Verdict

if TYPE_CHECKING:
    from headgate.gate.keeping import Keeping


def check(
    session: Session,
    candidates: Sequence[Path],
    features: Sequence[Path],
    beside: Sequence[object] = (),
    keeping: Keeping | None = None,
    *,
    strict: bool = False,
    explain: bool = False,
) -> Iterator[Verdict]:
    """One verdict a candidate, as soon as it is known. Whatever is wrong with a candidate is in
    its verdict; LabError when there is no lab to judge in. `beside` are further plugins of pytest's
    that look on. With `keeping` a verdict brings along what its run has left. What is `strict`
    needs every branch of a candidate to have been entered. With `explain`, rejections say what
    they are owed to."""
    defaults = resources.root() / "gateway_config" / "gateway.yaml"
    loaded = [load(path, defaults) for path in candidates]
    for one, following in zip(loaded, [*loaded[1:], None], strict=True):
        started = time.monotonic()
        if isinstance(one, Candidate):
            if one is loaded[0]:
                session.expect(one)
            if isinstance(following, Candidate):
                session.expect(following)
            verdict = _kept(session, one, features, beside, keeping, strict, explain)
        else:
            verdict = one
        yield replace(verdict, seconds=time.monotonic() - started)


def load(path: Path, defaults: Path) -> Candidate | Verdict:
    """The candidate, or the verdict on what is none."""
    try:
        return load_candidate(path, defaults)
    except InputError as error:
        reason, *more = map(str, error.problems)
        return Verdict(str(path), "", NOT_JUDGED, reason, words="\n".join(more))


def _kept(
    session: Session,
    candidate: Candidate,
    features: Sequence[Path],
    beside: Sequence[object],
    keeping: Keeping | None,
    strict: bool,
    explain: bool,
) -> Verdict:
    if keeping is None:
        return _checked(session, candidate, features, beside, strict, explain)
    from headgate.gate.keeping import Keeper

    keeper = Keeper(keeping, session.policy, candidate)
    verdict = _checked(session, candidate, features, [*beside, keeper], strict, explain)
    return replace(verdict, kept=keeper.kept())


def _checked(
    session: Session,
    candidate: Candidate,
    features: Sequence[Path],
    beside: Sequence[object],
    strict: bool,
    explain: bool,
) -> Verdict:
    root = resources.root()
    argv = [
        *("-c", str(root / "tox.ini"), "--rootdir", str(root)),
        *("-p", "no:cacheprovider", "-p", "no:terminal", "-W", "default"),
        *("-o", "norecursedirs="),  # a user's folder may be called `build`
        "--capture=no",  # it would take our own progress away
        *("-p", "no:unraisableexception"),  # collects all garbage five times, 70 ms each
        str(root / "features"),
        *map(str, features),
    ]
    trace.first("scenarios begun")
    run = _Run(session, candidate, strict, explain=explain)
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = pytest.main(argv, plugins=[run, *beside])
    if run.interruption:
        raise run.interruption
    if run.verdict:
        return run.explained(run.verdict) if explain else run.verdict
    said = words.getvalue().strip()
    reason = f"pytest ended with status {int(status)} and no verdict"
    return Verdict(candidate.name, candidate.digest, NOT_JUDGED, reason, words=said[-2000:])


class _Run:
    """Brings the session and the candidate into a pytest run, and its verdict out."""

    def __init__(
        self, session: Session, candidate: Candidate, strict: bool, *, explain: bool
    ) -> None:
        self._session = session
        self._candidate = candidate
        self._strict = strict
        self._cage_to_come = not explain
        self._gate: Gate | None = None
        self.verdict: Verdict | None = None
        self.interruption: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.GIVEN] = (self._session, self._candidate)
        config.option.strict_coverage = self._strict
        # Nobody reads these tracebacks, and drawing them takes seconds when all scenarios fail.
        config.option.tbstyle = "native"

    def pytest_bdd_before_scenario(self, feature: object, scenario: object) -> None:
        self._session.progress(getattr(scenario, "name", ""))

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest) -> None:
        """A finding will be explained: the cage for that is made while the run goes on."""
        recorder = request.config.pluginmanager.get_plugin("headgate-recorder")
        self._gate = recorder.gate if isinstance(recorder, Recorder) else None
        if self._gate and self._gate.record.disclosures and not self._cage_to_come:
            self._cage_to_come = True
            self._session.expect(self._candidate)

    def explained(self, verdict: Verdict) -> Verdict:
        """A rejection with what it is owed to, or with a note that says why that is not known."""
        from headgate.explain.explainer import explained

        if verdict.verdict != REJECTED or self._gate is None or not verdict.findings:
            return verdict
        self._session.progress("explaining the findings")
        try:
            found = explained(self._session.ground, self._candidate, self._gate, verdict.findings)
        except Exception as error:  # a verdict stands, whatever becomes of its explanation
            if "HEADGATE_DEBUG" in os.environ:
                raise
            kind = "" if isinstance(error, HeadgateError) else f"{type(error).__name__}: "
            note = f"the findings are not explained: {kind}{mask_numbers(str(error))}"
            return replace(verdict, notes=(*verdict.notes, note))
        return replace(verdict, explanations=found)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # A file that cannot be collected ends a run in the same way, and that is a verdict.
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.interruption = excinfo.value

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        self.verdict = config.stash.get(plugin.VERDICT, None)
