"""Findings as GitLab's code quality report, which a merge request shows beside its lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from headgate.reports.findings import Place, Plain, complained_of, groups_of, path_of
from headgate.reports.kinds import kind_of
from headgate.verdict import NOT_JUDGED


def codequality(records: Iterable[Plain], base: Path) -> list[dict[str, Any]]:
    """An issue for each thing that is wrong with each candidate."""
    return [issue for record in records for issue in _issues(record, base)]


def _issues(record: Plain, base: Path) -> Iterator[dict[str, Any]]:
    if record["verdict"]["verdict"] == NOT_JUDGED:
        words = f"not judged: {record['verdict']['reason']}"
        yield _issue(record, complained_of(record), base, NOT_JUDGED, words, NOT_JUDGED)
        return
    for group in groups_of(record):
        words = f"{kind_of(group.kind).title}: {group.words}"
        yield _issue(record, group.places[0], base, group.kind, words, group.fingerprint)


def _issue(
    record: Plain, place: Place, base: Path, name: str, words: str, fingerprint: str
) -> dict[str, Any]:
    path, _ = path_of(record, place, base)
    told = (
        f"{record['verdict']['candidate']}\n{fingerprint}"  # unique in a report, by GitLab's rule
    )
    return {
        "description": words,
        "check_name": f"headgate-{name}",
        "fingerprint": hashlib.sha256(told.encode()).hexdigest(),
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": place.line}},
    }
