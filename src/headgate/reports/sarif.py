"""SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines that it names.

One run a candidate, one result for what is wrong in one way, however many sites it was seen at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headgate import __version__
from headgate.reports.findings import Group, Place, Plain, complained_of, groups_of, path_of
from headgate.reports.kinds import KINDS, SCENARIO, kind_of
from headgate.verdict import NOT_JUDGED

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "%SRCROOT%"
FINGERPRINT = "headgate/v1"
# How many sites of one result are named; verdict.json has them all.
MOST_SITES = 50

_RULES = (*KINDS, SCENARIO)


def sarif(records: Iterable[Plain], base: Path) -> dict[str, Any]:
    """The log of a call; paths in it are relative to `base`, as far as they lie below it."""
    runs = [_run(record, base) for record in records]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(record: Plain, base: Path) -> dict[str, Any]:
    verdict = record["verdict"]
    return {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": f"headgate/{verdict['candidate']}/"},
        "invocations": [_invocation(record, base)],
        "columnKind": "utf16CodeUnits",
        "results": [_result(record, group, base) for group in groups_of(record)],
        "properties": {
            "verdict": verdict["verdict"],
            "reason": verdict["reason"],
            "digest": verdict["digest"],
            "seed": verdict["seed"],
        },
    }


def _driver() -> dict[str, Any]:
    rules = [_rule(name) for name in _RULES]
    return {"name": "Headgate", "version": __version__, "semanticVersion": __version__,
            "rules": rules}  # fmt: skip


def _rule(name: str) -> dict[str, Any]:
    kind = kind_of(name)
    text = f"{kind.meaning} {kind.mending}"
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.meaning},
        "help": {"text": text, "markdown": f"{kind.meaning}\n\n**Where to look:** {kind.mending}"},
        "defaultConfiguration": {"level": "error"},
        # A release that gives numbers away is what code hosts call critical.
        "properties": {"tags": ["security", "privacy"], "security-severity": "9.0"},
    }


def _invocation(record: Plain, base: Path) -> dict[str, Any]:
    judged = record["verdict"]["verdict"] != NOT_JUDGED
    invocation: dict[str, Any] = {"executionSuccessful": judged}
    if not judged:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "error",
                "message": {"text": f"not judged: {record['verdict']['reason']}"},
                "locations": [_location(record, complained_of(record), base)],
            }
        ]
    return invocation


def _result(record: Plain, group: Group, base: Path) -> dict[str, Any]:
    first, *others = (_location(record, place, base) for place in group.places)
    result = {
        "ruleId": group.kind,
        "ruleIndex": _RULES.index(group.kind),
        "level": "error",
        "message": {"text": f"{kind_of(group.kind).title}: {group.words}"},
        "locations": [first],
        "partialFingerprints": {FINGERPRINT: group.fingerprint},
        "properties": _properties(group),
    }
    if others:
        result["relatedLocations"] = others
    return result


def _properties(group: Group) -> dict[str, Any]:
    if not group.findings:
        return {}
    first = group.findings[0]
    kept: Sequence[str] = ("rule", "where", "form", "subscriber", "request", "sample")
    told = {name: first[name] for name in kept}
    return {**told, "count": group.count, "sites": list(group.sites[:MOST_SITES])}


def _location(record: Plain, place: Place, base: Path) -> dict[str, Any]:
    path, below = path_of(record, place, base)
    artifact = (
        {"uri": quote(path), "uriBaseId": BASE} if below else {"uri": "file://" + quote(path)}
    )
    region = {"startLine": place.line}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
