"""What is attested: an in-toto Statement v1, predicate test-result v0.1, in a DSSE envelope.

Sources: in-toto attestation framework, spec v1 (Statement, ResourceDescriptor), predicate
test-result v0.1; Dead Simple Signing Envelope v1.0 (the signature is over the PAE of type and
payload).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from headgate.record import PASSED as ENDED_WELL
from headgate.reports.findings import Plain
from headgate.verdict import APPROVED

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PASSED, FAILED = "PASSED", "FAILED"


def statement(record: Plain, configuration: Mapping[str, str]) -> dict[str, Any]:
    """That this candidate was tested, with what result, and by what (names and SHA-256 sums).

    The predicate knows no third result: what was not judged has failed to pass.
    """
    verdict = record["verdict"]
    subject = {"name": verdict["candidate"], "digest": {"sha256": _hex(verdict["digest"])}}
    inputs = [{"name": name, "digest": {"sha256": value}} for name, value in configuration.items()]
    return {
        "_type": STATEMENT,
        "subject": [subject],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result_of(verdict),
            "configuration": inputs,
            "passedTests": _titles(record, passed=True),
            "failedTests": _titles(record, passed=False),
        },
    }


def result_of(verdict: Plain) -> str:
    return PASSED if verdict["verdict"] == APPROVED else FAILED


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _titles(record: Plain, *, passed: bool) -> list[str]:
    return [
        scenario["title"]
        for feature in record["features"]
        for rule in feature["rules"]
        for scenario in rule["scenarios"]
        if (scenario["ended"] == ENDED_WELL) is passed
    ]


def pae(payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (
        len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload
    )  # fmt: skip


def encoded(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def envelope(payload: bytes, keyid: str, signature: bytes) -> bytes:
    told = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(told, indent=2).encode() + b"\n"


def opened(data: bytes) -> tuple[bytes, Sequence[bytes]]:
    """An envelope's payload and its signatures. ValueError when it is none."""
    try:
        told = json.loads(data)
        if told["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"its payload is {told['payloadType']!r}, not {PAYLOAD_TYPE}")
        payload = base64.b64decode(told["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in told["signatures"]]
    except (KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise ValueError(f"it is no DSSE envelope ({error})") from error
    return payload, signatures
