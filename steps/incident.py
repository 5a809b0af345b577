"""The three gateways of January 2012."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_bdd import given, parsers

from headgate import resources
from headgate.candidate import load_candidate
from headgate.gate.gate import Gate
from headgate.gate.session import Session

SAMPLES = {
    "as it was released": "released",
    "after the maintenance of 10 January": "candidates/2012-01-10-maintenance",
    "as mended on 25 January": "candidates/2012-01-25-fix",
}


@given(parsers.re(f"the gateway (?P<state>{'|'.join(SAMPLES)})"), target_fixture="gate")
def sample(session: Session, state: str) -> Iterator[Gate]:
    configs = resources.root() / "gateway_config"
    candidate = load_candidate(configs / SAMPLES[state], configs / "gateway.yaml")
    with session.gate(candidate) as gate:
        yield gate
