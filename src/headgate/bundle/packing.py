"""Making a bundle of what a run has left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headgate.bundle import layout
from headgate.bundle.archive import Member, is_plain, sums_of
from headgate.bundle.signing import NAMESPACE, Signer
from headgate.bundle.statement import encoded, envelope, pae, statement
from headgate.candidate import Candidate, sum_lines
from headgate.errors import HeadgateError
from headgate.reports.findings import Record


@dataclass(frozen=True)
class Evidence:
    """What goes into one bundle.

    `record` is the candidate's object of verdict.json, `candidate` what was judged, None where it
    could not even be read; `settings` is its gateway.yaml. `features` are files by name, `report`
    and `raw` contents by name; `missing` says in words what of the raw evidence there is not.
    """

    record: Record
    candidate: Candidate | None
    policy: bytes
    settings: bytes | None = None
    features: Mapping[str, bytes] = field(default_factory=dict)
    report: Mapping[str, bytes] = field(default_factory=dict)
    raw: Mapping[str, bytes | Path] = field(default_factory=dict)
    missing: Sequence[str] = ()


def members_of(evidence: Evidence, signer: Signer | None) -> dict[str, Member]:
    """All files of the bundle, its sums and signatures among them."""
    contents: dict[str, bytes | Path] = {
        layout.README: _words(evidence, signer).encode(),
        layout.VERDICT: _json({"candidates": [evidence.record]}),
        layout.POLICY: evidence.policy,
        **{layout.FEATURES + name: data for name, data in evidence.features.items()},
        **{layout.REPORT + name: data for name, data in evidence.report.items()},
        **{layout.RAW + name: data for name, data in evidence.raw.items()},
    }
    members = {name: Member(content) for name, content in contents.items()}
    members |= dict(_candidate(evidence))
    for name in members:
        if not is_plain(name):
            raise HeadgateError(f"{name!r}: a bundle cannot hold a file of that name")
    return _signed(evidence, members, signer) if signer else _summed(members)


def _candidate(evidence: Evidence) -> Iterator[tuple[str, Member]]:
    candidate = evidence.candidate
    if candidate is None:
        return
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in candidate.files.items()}
    lines = sum_lines(sums, candidate.executable, candidate.links)
    yield layout.CANDIDATE_SUMS, Member(lines.encode())
    if candidate.links:
        yield layout.CANDIDATE_LINKS, Member(_json(dict(sorted(candidate.links.items()))))
    if evidence.settings is not None:
        yield layout.SETTINGS, Member(evidence.settings)
    for path, data in candidate.files.items():
        yield layout.CANDIDATE + path, Member(data, path in candidate.executable)


def _summed(members: Mapping[str, Member]) -> dict[str, Member]:
    return {**members, layout.SUMS: Member(sums_of(members))}


def _signed(evidence: Evidence, members: Mapping[str, Member], signer: Signer) -> dict[str, Member]:
    attested = dict(members)
    if evidence.candidate:
        attested[layout.ATTESTATION] = Member(_attestation(evidence, members, signer))
    summed = _summed(attested)
    sums = summed[layout.SUMS].content
    assert isinstance(sums, bytes)
    return {**summed, layout.SIGNATURE: Member(signer.signature(sums))}


def _attestation(evidence: Evidence, members: Mapping[str, Member], signer: Signer) -> bytes:
    inputs = [layout.POLICY, *(name for name in members if name.startswith(layout.FEATURES))]
    configuration = {name: members[name].sum for name in sorted(inputs)}
    payload = encoded(statement(evidence.record, configuration))
    return envelope(payload, signer.keyid, signer.plain(pae(payload)))


def _words(evidence: Evidence, signer: Signer | None) -> str:
    record = evidence.record
    told = {name: record[name] or "none" for name in ("candidate", "digest", "verdict", "reason")}
    missing = "".join(f"\nMISSING. {what}\n" for what in evidence.missing)
    signed = f"by the key {signer.keyid}" if signer else "no: this proves nothing to anybody else"
    return layout.WORDS.format(**told, namespace=NAMESPACE, missing=missing, signed=signed)


def _json(told: Any) -> bytes:
    return json.dumps(told, indent=2).encode() + b"\n"
