"""What is going on, for whoever waits: one line at a terminal; in a log a line each, with seconds
since the beginning."""

from __future__ import annotations

import shutil
import threading
import time
from types import TracebackType
from typing import Self, TextIO

from headgate.reports.legible import legible


class Progress:
    """Call it with what begins now. At a terminal each phase replaces the one before."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def __call__(self, phase: str) -> None:
        phase = legible(phase)  # a candidate may be called anything
        with self._lock:
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write(f"\r\033[K{f'… {phase}'[:width]}")
            else:
                seconds = time.monotonic() - self._began
                self._stream.write(f"headgate: {seconds:5.1f} s  {phase}\n")
            self._stream.flush()

    def clear(self) -> None:
        if self._live:
            self._stream.write("\r\033[K")
            self._stream.flush()
