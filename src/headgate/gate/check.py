"""`headgate check`: pytest on the features, once for each candidate, in one warm lab."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from headgate import resources
from headgate.candidate import Candidate, load_candidate
from headgate.errors import InputError
from headgate.gate import plugin
from headgate.gate.session import Session
from headgate.verdict import NOT_JUDGED, Verdict


def check(
    session: Session,
    candidates: Sequence[Path],
    features: Sequence[Path],
    beside: Sequence[object] = (),
    *,
    strict: bool = False,
) -> Iterator[Verdict]:
    """One verdict a candidate, as soon as it is known. Whatever is wrong with a candidate is in
    its verdict; LabError when there is no lab to judge in. `beside` are further plugins of pytest's
    that look on. What is `strict` needs every branch of a candidate to have been entered."""
    defaults = resources.root() / "gateway_config" / "gateway.yaml"
    loaded = [_load(path, defaults) for path in candidates]
    for one, following in zip(loaded, [*loaded[1:], None], strict=True):
        started = time.monotonic()
        if isinstance(one, Candidate):
            if one is loaded[0]:
                session.expect(one)
            if isinstance(following, Candidate):
                session.expect(following)
            verdict = _checked(session, one, features, beside, strict)
        else:
            verdict = one
        yield replace(verdict, seconds=time.monotonic() - started)


def _load(path: Path, defaults: Path) -> Candidate | Verdict:
    try:
        return load_candidate(path, defaults)
    except InputError as error:
        reason, *more = map(str, error.problems)
        return Verdict(str(path), "", NOT_JUDGED, reason, words="\n".join(more))


def _checked(
    session: Session,
    candidate: Candidate,
    features: Sequence[Path],
    beside: Sequence[object],
    strict: bool,
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
    run = _Run(session, candidate, strict)
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = pytest.main(argv, plugins=[run, *beside])
    if run.interruption:
        raise run.interruption
    if run.verdict:
        return run.verdict
    said = words.getvalue().strip()
    reason = f"pytest ended with status {int(status)} and no verdict"
    return Verdict(candidate.name, candidate.digest, NOT_JUDGED, reason, words=said[-2000:])


class _Run:
    """Brings the session and the candidate into a pytest run, and its verdict out."""

    def __init__(self, session: Session, candidate: Candidate, strict: bool) -> None:
        self._session = session
        self._candidate = candidate
        self._strict = strict
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

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # A file that cannot be collected ends a run in the same way, and that is a verdict.
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.interruption = excinfo.value

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        self.verdict = config.stash.get(plugin.VERDICT, None)
