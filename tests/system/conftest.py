"""One lab for all the tests that put gateways into it one after another."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.system.runs import CANDIDATES, DEFAULTS, POLICY, SHORT, Run

from headgate.candidate import load_candidate
from headgate.engines.choice import DOCKER, SANDBOX, engine_named
from headgate.gate.check import check
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.policy import load_policy
from headgate.verdict import Verdict

SEED = "system tests"

Judge = Callable[[str], Verdict]
BOTH = (DOCKER, SANDBOX)

Start = Callable[[str], contextlib.AbstractContextManager[Gate]]


@pytest.fixture(scope="session")
def warm() -> Iterator[Session]:
    """The lab, under the policy of the miniature gateways."""
    with Session(load_policy(POLICY), engine_named(DOCKER), seed=SEED) as session:
        yield session


@pytest.fixture(scope="session", params=BOTH)
def short(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The lab of each engine, under the policy that makes for the shortest runs."""
    with Session(load_policy(SHORT), engine_named(request.param), seed=SEED) as session:
        yield session


@pytest.fixture(scope="session")
def judged(warm: Session) -> Judge:
    """The verdict on a miniature gateway, as `headgate check` comes to it."""

    def judge(name: str) -> Verdict:
        (verdict,) = check(warm, [CANDIDATES / name], [])
        return verdict

    return judge


@pytest.fixture(scope="session")
def judged_briefly(short: Session) -> Judge:
    """The same under the shortest policy, where it is not the requests that matter."""

    def judge(name: str) -> Verdict:
        (verdict,) = check(short, [CANDIDATES / name], [])
        return verdict

    return judge


@pytest.fixture(scope="session")
def started(warm: Session) -> Start:
    """A miniature gateway, running; what it is sent is the test's affair."""

    def start(name: str) -> contextlib.AbstractContextManager[Gate]:
        return warm.gate(load_candidate(CANDIDATES / name, DEFAULTS))

    return start


@pytest.fixture
def headgate(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts `headgate` as a process of its own, with a folder of its own for temporary files."""
    with contextlib.ExitStack() as runs:
        yield lambda *words: runs.enter_context(Run(tmp_path, words))
