"""Both engines come to the same findings on every gateway of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest
from tests.system.conftest import BOTH
from tests.system.runs import SAMPLES, TOP
from tests.system.test_engines_agree import Sessions, essence

from headgate.engines.choice import engine_named
from headgate.gate.check import check
from headgate.gate.selftest import Specimen, corpus
from headgate.gate.session import Session
from headgate.policy import load_policy

POLICY = SAMPLES / "policy.yaml"
SPECIMENS = sorted(corpus(TOP / "tests" / "corpus", POLICY), key=lambda one: str(one.policy))
GROUPS = [list(group) for _, group in groupby(SPECIMENS, key=lambda one: one.policy)]


@pytest.fixture(scope="module", params=GROUPS, ids=lambda group: group[0].name)
def judged(request: pytest.FixtureRequest) -> Iterator[tuple[Sessions, list[Specimen]]]:
    """A lab of each engine, under the policy of these gateways."""
    policy = load_policy(request.param[0].policy)
    docker, sandbox = (Session(policy, engine_named(one), seed="the same") for one in BOTH)
    with docker, sandbox:
        yield dict(zip(BOTH, (docker, sandbox), strict=True)), request.param


def test_the_engines_agree(judged: tuple[Sessions, list[Specimen]]) -> None:
    sessions, specimens = judged
    paths = [one.candidate for one in specimens]
    docker, sandbox = (check(sessions[one], paths, []) for one in BOTH)
    pairs = zip(docker, sandbox, strict=True)
    differ = [one.candidate for one, other in pairs if essence(one) != essence(other)]
    assert differ == []
