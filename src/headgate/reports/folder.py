"""The folder that a report is written into."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.files import write_whole
from headgate.record import Record, as_plain

INDEX = "index.html"
DATA = "record.json"


def clear(folder: Path) -> None:
    """Make the folder, and take away what an earlier run has written there: no older verdict
    stays. HeadgateError when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / DATA).exists():
            for path in (folder / INDEX, *folder.glob("[0-9]*-*.html"), folder / DATA):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise HeadgateError(f"{folder}: cannot be written: {error.strerror}") from error


def write(folder: Path, records: Sequence[Record], made: Mapping[str, str]) -> None:
    """Write the pages that were made, and the record that they were made from, into a folder that
    `clear` has made ready. HeadgateError when that cannot be done."""
    files = {**made, DATA: json.dumps(as_plain(records)) + "\n"}
    for name, text in files.items():
        write_whole(folder / name, text.encode())
