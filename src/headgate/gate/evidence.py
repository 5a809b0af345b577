"""Putting a run's record together, when the verdict on its candidate is known."""

from __future__ import annotations

import contextlib
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

from headgate import __version__
from headgate.candidate import Candidate
from headgate.families import families
from headgate.gate.control import expected_kinds
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.numbers import mask_numbers
from headgate.policy import Policy
from headgate.probes import PROBES
from headgate.record import (
    Control,
    Controls,
    Environment,
    Evidence,
    Feature,
    Law,
    Permitted,
    each_text,
)
from headgate.verdict import Finding, Verdict

# What of a candidate is carried along: its texts, as far as a person would read them.
_LONGEST_FILE, _MOST_TEXT = 1 << 18, 1 << 20

_MOST_REQUESTS = 100

_LIBRARIES = ("pytest", "pytest-bdd", "pytest-testinfra", "docker", "ahocorasick_rs")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
_COMPARED = (
    "The same ordinary requests are sent again and again while their addresses pass from one "
    "subscriber to another and to nobody."
)


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def evidence(
    verdict: Verdict,
    *,
    candidate: Candidate,
    features: tuple[Feature, ...],
    session: Session | None,
    gate: Gate | None,
    unseen: set[str] | None,
    began: str,
) -> Evidence:
    """All that is known beside the verdict, without a number in it."""
    found = Evidence(
        law=_law(session.policy) if session else None,
        features=each_text(features, mask_numbers),
        controls=_controls(session, gate, unseen),
        environment=_environment(verdict, candidate, session, began),
        files=dict(_texts(candidate)),
    )
    if gate is None:
        return found
    counted = replace(
        found,
        matrix=gate.tally.matrix(candidate.spec.modes),
        families=gate.tally.families(_sentences()),
        traffic=gate.tally.traffic(),
        sent=gate.tally.sent(_first_requests(verdict.findings)),
    )
    return each_text(counted, gate.tally.shown)


def _first_requests(findings: Iterable[Finding]) -> list[str]:
    """One for all findings of one kind, at one place and in one form: their requests are alike."""
    first: dict[tuple[str, str, str], str] = {}
    for one in findings:
        first.setdefault((one.kind, one.where, one.form), one.request)
    return list(first.values())[:_MOST_REQUESTS]


def _law(policy: Policy) -> Law:
    sites = (Permitted(one.host, one.category, one.paths, one.ports) for one in policy.sites)
    return Law(
        str(policy.path),
        policy.digest,
        policy.header,
        policy.value,
        policy.consent_required,
        policy.staleness,
        policy.strip,
        tuple(sites),
    )


def _controls(session: Session | None, gate: Gate | None, unseen: set[str] | None) -> Controls:
    expected = sorted(expected_kinds(session.policy)) if session and unseen is not None else []
    seen = gate.record if gate else None
    return Controls(
        negative=tuple(Control(kind, kind not in (unseen or ())) for kind in expected),
        positive=seen.disclosed_rightly if seen else 0,
        requests=seen.requests if seen else 0,
        arrived=seen.arrived if seen else 0,
        unproved=len(seen.unproved) if seen else 0,
    )


def _environment(
    verdict: Verdict, candidate: Candidate, session: Session | None, began: str
) -> Environment:
    facts = dict(verdict.environment)
    tool = facts.pop("headgate", __version__)
    images = {name: fact for name, fact in facts.items() if _IMAGE.fullmatch(fact)}
    return Environment(
        candidate=candidate.digest,
        policy=session.policy.digest if session else "",
        images=images,
        tool=tool,
        engine={name: fact for name, fact in facts.items() if name not in images},
        versions=_versions(),
        seed=verdict.seed,
        began=began,
        ended=now(),
        command=mask_numbers(_command()),
    )


@cache
def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def _command() -> str:
    name = Path(sys.argv[0]).name
    return shlex.join(["headgate" if name == "__main__.py" else name, *sys.argv[1:]])


def _texts(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """The candidate's files that are texts, without any number, as long as there is room."""
    left = _MOST_TEXT
    for path, data in sorted(candidate.files.items()):
        if len(data) > min(_LONGEST_FILE, left) or b"\0" in data:
            continue
        with contextlib.suppress(UnicodeDecodeError):
            yield mask_numbers(path), mask_numbers(data.decode())
            left -= len(data)


def _sentences() -> dict[str, tuple[str, int]]:
    known = {one.id: (one.sentence, one.rule) for one in families().values()}
    return {PROBES: (_COMPARED, 2), **known}
