"""Proving a bundle: whose it is, that it is whole, what it says, and of which files.

Each way to fail has a status of its own, the table of docs/evidence.md; 0 is kept for evidence that
is proven and approves what is about to be deployed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.bundle import layout
from headgate.bundle.archive import Read, Unsafe, is_canonical, read
from headgate.bundle.signing import Refused, is_plainly_signed, public_key_in, signer_of
from headgate.bundle.statement import opened, pae, result_of
from headgate.bundle.statuses import (
    CHANGED,
    CONTRADICTORY,
    DEPLOYED_CHANGED,
    DEPLOYED_INCOMPLETE,
    FOREIGN,
    INCOMPLETE,
    MISSIGNED,
    OTHER_CANDIDATE,
    OTHER_POLICY,
    UNSIGNED,
    UNUSABLE,
)
from headgate.candidate import sum_lines, sum_lines_of
from headgate.errors import HeadgateError
from headgate.gateway_spec import FILE_NAME
from headgate.verdict import EXIT, NOT_JUDGED

# So many files are named in a message; the rest is counted.
_MOST_NAMED = 5


class Unproven(HeadgateError):
    """What is wrong, and the status that says so."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Proof:
    """What a bundle has proved."""

    signer: str
    verdict: Mapping[str, str]
    files: int
    deployed: Path | None


def prove(
    path: Path, allowed: Path, *, deployed: Path | None = None, policy: Path | None = None
) -> Proof:
    """Prove all of it, or raise `Unproven` with the first thing that is wrong."""
    if not allowed.is_file():
        raise Unproven(
            UNUSABLE, f"{allowed}: there is no such file: expected one of allowed signers"
        )
    files = _files(path)
    signer = _signer(path, files, allowed)
    _assert_whole(path, files)
    verdict = _verdict(files)
    _assert_consistent(files, verdict)
    _assert_attested(files, verdict)
    if policy:
        _assert_policy(policy, files)
    if status := EXIT.get(verdict["verdict"], EXIT[NOT_JUDGED]):
        raise Unproven(status, f"proven, and {verdict['verdict']}: {verdict['reason']}")
    if deployed:
        _assert_deployed(deployed, files)
    return Proof(signer, verdict, len(files), deployed)


def _files(path: Path) -> dict[str, Read]:
    looked_into = {
        layout.SUMS,
        layout.SIGNATURE,
        layout.ATTESTATION,
        layout.VERDICT,
        layout.RECORD,
        layout.CANDIDATE_SUMS,
        layout.CANDIDATE_LINKS,
    }
    try:
        return read(path, looked_into.__contains__)
    except Unsafe as error:
        raise Unproven(UNUSABLE, str(error)) from error


def _signer(path: Path, files: Mapping[str, Read], allowed: Path) -> str:
    if layout.SUMS not in files:
        raise Unproven(UNUSABLE, f"{path}: no bundle: there is no {layout.SUMS} in it")
    if layout.SIGNATURE not in files:
        raise Unproven(UNSIGNED, f"{path}: not signed: there is no {layout.SIGNATURE} in it")
    signature = files[layout.SIGNATURE].content
    try:
        public_key_in(signature)
        return signer_of(files[layout.SUMS].content, signature, allowed)
    except ValueError as error:
        words = f"{path}: {layout.SIGNATURE} is no signature by an Ed25519 key: {error}"
        raise Unproven(MISSIGNED, words) from error
    except Refused as error:
        if error.foreign:
            words = f"{path}: signed by nobody whom {allowed} allows: {error}"
            raise Unproven(FOREIGN, words) from error
        words = f"{path}: the signature is not that of its {layout.SUMS}: {error}"
        raise Unproven(MISSIGNED, words) from error


def _assert_whole(path: Path, files: Mapping[str, Read]) -> None:
    told = _lines(files[layout.SUMS].content, "  ")
    found = {name: one.sum for name, one in files.items() if name not in layout.UNSUMMED}
    if words := _missing(told, found):
        raise Unproven(INCOMPLETE, f"{path}: not what was signed: {words}")
    if changed := sorted(name for name in told if told[name] != found[name]):
        raise Unproven(CHANGED, f"{path}: changed since it was signed: {_named(changed)}")
    executable = _executable(files)
    if not is_canonical(path, lambda name: name in executable):
        words = "the archive itself (headers, order or what lies between its files)"
        raise Unproven(CHANGED, f"{path}: changed since it was signed: {words}")


def _executable(files: Mapping[str, Read]) -> set[str]:
    lines = _candidate_sums(files)
    return {layout.CANDIDATE + name for name, value in lines.items() if value.endswith("*")}


def _candidate_sums(files: Mapping[str, Read]) -> dict[str, str]:
    """The marked sums of the candidate's files by their paths."""
    one = files.get(layout.CANDIDATE_SUMS)
    return _marked(one.content) if one else {}


def _marked(lines: bytes) -> dict[str, str]:
    """Each path's sum with its mark, of the lines that a candidate's digest is made of."""
    return {line[66:]: line[:66] for line in lines.decode().splitlines()}


def _lines(sums: bytes, between: str) -> dict[str, str]:
    pairs = (line.partition(between) for line in sums.decode().splitlines())
    return {name: value for value, _, name in pairs}


def _verdict(files: Mapping[str, Read]) -> Mapping[str, str]:
    try:
        (verdict,) = json.loads(files[layout.VERDICT].content)["candidates"]
        told = {name: str(verdict[name]) for name in ("candidate", "digest", "verdict", "reason")}
        (record,) = json.loads(files[layout.RECORD].content)["candidates"]
        agreed = record["verdict"] == verdict
    except (KeyError, ValueError, TypeError) as error:
        raise Unproven(CONTRADICTORY, f"{layout.VERDICT}: no verdict on one candidate") from error
    if not agreed:
        words = f"{layout.VERDICT} and {layout.RECORD} tell of different verdicts"
        raise Unproven(CONTRADICTORY, words)
    return told


def _assert_consistent(files: Mapping[str, Read], verdict: Mapping[str, str]) -> None:
    """The verdict is about the candidate that is in the bundle, and no other."""
    lines = files[layout.CANDIDATE_SUMS].content if layout.CANDIDATE_SUMS in files else b""
    digest = f"sha256:{hashlib.sha256(lines).hexdigest()}" if lines else ""
    if verdict["digest"] != digest:
        words = f"another candidate: the verdict is about {verdict['digest'] or 'none'}, the bundle"
        raise Unproven(CONTRADICTORY, f"{words} holds {digest or 'none'}")
    if lines.decode() != _sum_lines(files):
        words = f"{layout.CANDIDATE} is not what {layout.CANDIDATE_SUMS} tells of"
        raise Unproven(CONTRADICTORY, f"another candidate: {words}")


def _sum_lines(files: Mapping[str, Read]) -> str:
    start = len(layout.CANDIDATE)
    inside = {
        name[start:]: one
        for name, one in files.items()
        if name.startswith(layout.CANDIDATE) and name != layout.SETTINGS
    }
    links = files.get(layout.CANDIDATE_LINKS)
    sums = {name: one.sum for name, one in inside.items()}
    executable = {name for name, one in inside.items() if one.executable}
    return sum_lines(sums, executable, json.loads(links.content) if links else {})


def _assert_attested(files: Mapping[str, Read], verdict: Mapping[str, str]) -> None:
    """The attestation is by the same key, and says the same."""
    if layout.ATTESTATION not in files:
        if verdict["digest"]:
            raise Unproven(CONTRADICTORY, f"there is no {layout.ATTESTATION} in it")
        return
    try:
        payload, signatures = opened(files[layout.ATTESTATION].content)
        key = public_key_in(files[layout.SIGNATURE].content)
        told = json.loads(payload)
        subjects = [one["digest"]["sha256"] for one in told["subject"]]
        result = told["predicate"]["result"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unproven(CONTRADICTORY, f"{layout.ATTESTATION}: {error}") from error
    if not any(is_plainly_signed(key, one, pae(payload)) for one in signatures):
        words = f"{layout.ATTESTATION}: not signed by the key that signed {layout.SUMS}"
        raise Unproven(CONTRADICTORY, words)
    if subjects != [verdict["digest"].removeprefix("sha256:")]:
        words = f"{layout.ATTESTATION}: it is about another candidate ({', '.join(subjects)})"
        raise Unproven(CONTRADICTORY, words)
    if result != result_of(verdict):
        words = f"{layout.ATTESTATION}: it says {result}, the verdict is {verdict['verdict']}"
        raise Unproven(CONTRADICTORY, words)


def _assert_policy(policy: Path, files: Mapping[str, Read]) -> None:
    mine = hashlib.sha256(_bytes(policy)).hexdigest()
    if layout.POLICY not in files or files[layout.POLICY].sum != mine:
        raise Unproven(OTHER_POLICY, f"judged by another policy than {policy}")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unproven(UNUSABLE, f"{path}: cannot be read: {error.strerror}") from error


def _assert_deployed(deployed: Path, files: Mapping[str, Read]) -> None:
    judged, there = _candidate_sums(files), _deployed_sums(deployed)
    _assert_settings(deployed, files)
    missing = _missing(judged, there)
    common = judged.keys() & there.keys()
    changed = sorted(name for name in common if judged[name] != there[name])
    if missing and changed:
        words = f"{missing}; changed: {_named(changed)}"
        raise Unproven(OTHER_CANDIDATE, f"{deployed}: another candidate than was judged: {words}")
    if changed:
        words = f"{deployed}: changed since it was judged: {_named(changed)}"
        raise Unproven(DEPLOYED_CHANGED, words)
    if missing:
        raise Unproven(DEPLOYED_INCOMPLETE, f"{deployed}: not what was judged: {missing}")


def _deployed_sums(deployed: Path) -> dict[str, str]:
    try:
        return _marked(sum_lines_of(deployed).encode())
    except HeadgateError as error:
        raise Unproven(UNUSABLE, str(error)) from error


def _assert_settings(deployed: Path, files: Mapping[str, Read]) -> None:
    """gateway.yaml is not installed, so it may be missing; where it is, it is the judged one."""
    path = deployed / FILE_NAME
    if not path.exists():
        return
    judged = files.get(layout.SETTINGS)
    if judged is None:
        raise Unproven(
            DEPLOYED_INCOMPLETE, f"{deployed}: not what was judged: {FILE_NAME} is extra"
        )
    if hashlib.sha256(_bytes(path)).hexdigest() != judged.sum:
        raise Unproven(DEPLOYED_CHANGED, f"{deployed}: changed since it was judged: {FILE_NAME}")


def _missing(told: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    lost, extra = sorted(told.keys() - found.keys()), sorted(found.keys() - told.keys())
    return "; ".join(_differences(lost, extra))


def _differences(lost: Sequence[str], extra: Sequence[str]) -> Iterator[str]:
    if lost:
        yield f"missing: {_named(lost)}"
    if extra:
        yield f"extra: {_named(extra)}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
