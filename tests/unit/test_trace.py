"""A run tells benchmarks when it has come how far, if it is asked to."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headgate import trace


def test_the_first_time_of_each_event_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace"
    monkeypatch.setattr(trace, "_seen", set())
    trace.first("nobody asks")
    monkeypatch.setenv("HEADGATE_TRACE", str(path))
    before = time.monotonic()
    for event in ("lab up", "first request", "lab up"):
        trace.first(event)
    lines = [line.split(" ", 1) for line in path.read_text().splitlines()]
    assert [event for _, event in lines] == ["lab up", "first request"]
    assert before - 1e-5 <= float(lines[0][0]) <= float(lines[1][0]) + 1e-5
