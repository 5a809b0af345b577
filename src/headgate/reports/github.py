"""Findings as GitHub's workflow commands, which mark lines of a change: `::error file=…::…`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from headgate.reports.findings import Place, Plain, complained_of, groups_of, path_of
from headgate.reports.kinds import kind_of
from headgate.verdict import NOT_JUDGED


def workflow_commands(record: Plain, base: Path) -> Iterator[str]:
    """A line for each thing that is wrong; nothing for what was approved."""
    verdict = record["verdict"]
    if verdict["verdict"] == NOT_JUDGED:
        title = f"{verdict['candidate']}: not judged"
        yield _command(record, complained_of(record), base, title, verdict["reason"])
        return
    for group in groups_of(record):
        title = f"headgate {group.kind}: {kind_of(group.kind).title}"
        yield _command(record, group.places[0], base, title, group.words)


def _command(record: Plain, place: Place, base: Path, title: str, words: str) -> str:
    path, _ = path_of(record, place, base)
    where = f"file={_escaped(path)},line={place.line},title={_escaped(title)}"
    return f"::error {where}::{_data(words)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    """In a property, what separates properties is escaped too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
