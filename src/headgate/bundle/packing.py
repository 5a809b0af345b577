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
from headgate.record import FORMAT
from headgate.reports.findings import Plain


@dataclass(frozen=True)
class Contents:
    """What goes into one bundle.

    `record` is the candidate's object of the run's record, `candidate` what was judged, None where
    it could not even be read; `settings` is its gateway.yaml. `features` are files by name,
    `report` and `raw` contents by name; `missing` says in words what of the raw evidence there is
    not.
    """

    record: Plain
    candidate: Candidate | None
    policy: bytes
    settings: bytes | None = None
    features: Mapping[str, bytes] = field(default_factory=dict)
    report: Mapping[str, bytes] = field(default_factory=dict)
    raw: Mapping[str, bytes | Path] = field(default_factory=dict)
    missing: Sequence[str] = ()


def members_of(contents: Contents, signer: Signer | None) -> dict[str, Member]:
    """All files of the bundle, its sums and signatures among them."""
    files: dict[str, bytes | Path] = {
        layout.README: _words(contents, signer).encode(),
        layout.RECORD: _json({"record": FORMAT, "candidates": [contents.record]}),
        layout.VERDICT: _json({"candidates": [contents.record["verdict"]]}),
        layout.POLICY: contents.policy,
        **{layout.FEATURES + name: data for name, data in contents.features.items()},
        **{layout.REPORT + name: data for name, data in contents.report.items()},
        **{layout.RAW + name: data for name, data in contents.raw.items()},
    }
    members = {name: Member(content) for name, content in files.items()}
    members |= dict(_candidate(contents))
    for name in members:
        if not is_plain(name):
            raise HeadgateError(f"{name!r}: a bundle cannot hold a file of that name")
    return _signed(contents, members, signer) if signer else _summed(members)


def _candidate(contents: Contents) -> Iterator[tuple[str, Member]]:
    candidate = contents.candidate
    if candidate is None:
        return
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in candidate.files.items()}
    lines = sum_lines(sums, candidate.executable, candidate.links)
    yield layout.CANDIDATE_SUMS, Member(lines.encode())
    if candidate.links:
        yield layout.CANDIDATE_LINKS, Member(_json(dict(sorted(candidate.links.items()))))
    if contents.settings is not None:
        yield layout.SETTINGS, Member(contents.settings)
    for path, data in candidate.files.items():
        yield layout.CANDIDATE + path, Member(data, path in candidate.executable)


def _summed(members: Mapping[str, Member]) -> dict[str, Member]:
    return {**members, layout.SUMS: Member(sums_of(members))}


def _signed(contents: Contents, members: Mapping[str, Member], signer: Signer) -> dict[str, Member]:
    attested = dict(members)
    if contents.candidate:
        attested[layout.ATTESTATION] = Member(_attestation(contents, members, signer))
    summed = _summed(attested)
    sums = summed[layout.SUMS].content
    assert isinstance(sums, bytes)
    return {**summed, layout.SIGNATURE: Member(signer.signature(sums))}


def _attestation(contents: Contents, members: Mapping[str, Member], signer: Signer) -> bytes:
    inputs = [layout.POLICY, *(name for name in members if name.startswith(layout.FEATURES))]
    configuration = {name: members[name].sum for name in sorted(inputs)}
    payload = encoded(statement(contents.record, configuration))
    return envelope(payload, signer.keyid, signer.plain(pae(payload)))


def _words(contents: Contents, signer: Signer | None) -> str:
    verdict = contents.record["verdict"]
    told = {name: verdict[name] or "none" for name in ("candidate", "digest", "verdict", "reason")}
    missing = "".join(f"\nMISSING. {what}\n" for what in contents.missing)
    signed = f"by the key {signer.keyid}" if signer else "no: this proves nothing to anybody else"
    return layout.WORDS.format(**told, namespace=NAMESPACE, missing=missing, signed=signed)


def _json(told: Any) -> bytes:
    return json.dumps(told, indent=2).encode() + b"\n"
