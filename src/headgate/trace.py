"""When things happened, for benchmarks: with HEADGATE_TRACE=FILE each event is a line there.

A line is the seconds of the system's monotonic clock, which all processes share, and what happened.
"""

from __future__ import annotations

import os
import time

_seen: set[str] = set()


def first(event: str) -> None:
    """Note the first time that this happens in this process."""
    if (path := os.environ.get("HEADGATE_TRACE")) and event not in _seen:
        _seen.add(event)
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 (pathlib is slow to import)
            file.write(f"{time.monotonic():.6f} {event}\n")
