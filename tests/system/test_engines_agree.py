"""Both engines come to the same verdict, by the same findings, on the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.system.conftest import BOTH
from tests.system.runs import SAMPLES, TOP

from headgate.engines.choice import engine_named
from headgate.gate.check import check
from headgate.gate.session import Session
from headgate.policy import load_policy
from headgate.verdict import Verdict

CORPUS = TOP / "tests" / "corpus"
# Faults that an engine could hide: in what sites receive, in logs, over UDP, in a pseudonym.
JUDGED = [
    SAMPLES / "released",
    SAMPLES / "candidates" / "2012-01-10-maintenance",
    SAMPLES / "candidates" / "2012-01-25-fix",
    CORPUS / "faulty" / "access-log-with-the-header" / "candidate",
    CORPUS / "faulty" / "access-log-by-syslog" / "candidate",
    CORPUS / "faulty" / "alias-in-aes" / "candidate",
    CORPUS / "faulty" / "any-word-is-consent" / "candidate",
]

Sessions = Mapping[str, Session]


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    policy = load_policy(SAMPLES / "policy.yaml")
    docker, sandbox = (Session(policy, engine_named(one), seed="the same") for one in BOTH)
    with docker, sandbox:
        yield dict(zip(BOTH, (docker, sandbox), strict=True))


def essence(verdict: Verdict) -> tuple[object, ...]:
    """What a verdict says, but for how often, by which request and to which of thousands of sites:
    a request that is tried again for want of time goes to another one, under either engine."""
    found = {(one.kind, one.rule, one.form, one.where) for one in verdict.findings}
    return verdict.verdict, verdict.digest, sorted(found)


def _id(candidate: Path) -> str:
    return candidate.parent.name if candidate.name == "candidate" else candidate.name


@pytest.mark.parametrize("candidate", JUDGED, ids=_id)
def test_the_engines_agree(sessions: Sessions, candidate: Path) -> None:
    of_docker, of_sandbox = (next(check(sessions[one], [candidate], [])) for one in BOTH)
    assert essence(of_sandbox) == essence(of_docker)
