"""What is going on, for whoever waits: one line at a terminal, however much goes on at a time; in a
log a line each, with seconds since the beginning."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
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

    @property
    def live(self) -> bool:
        """Whether this is a terminal, where a line takes the place of the one before."""
        return self._live

    def clear(self) -> None:
        if self._live:
            self._stream.write("\r\033[K")
            self._stream.flush()


class Several:
    """Progress of several candidates at a time. At a terminal they share the line, each with as
    much of it as any other; in a log each line says whose it is."""

    def __init__(self, progress: Progress, count: int) -> None:
        self._progress = progress
        self._count = count
        self._done = 0
        self._phases: dict[str, str] = {}

    def __call__(self, name: str, phase: str) -> None:
        """This is now being done about that candidate."""
        if self._progress.live:
            self._phases[name] = phase
            self._show()
        else:
            self._progress(f"{name}: {phase}")

    def done(self, name: str) -> None:
        """Its verdict is known, and has been told."""
        self._done += 1
        self._phases.pop(name, None)
        if self._done == self._count:
            self._progress("taking the labs down")
        elif self._progress.live:
            self._show()

    def _show(self) -> None:
        head = f"{self._done} of {self._count}"
        columns = shutil.get_terminal_size().columns - len(head) - 4
        width = max(12, columns // max(1, len(self._phases)) - 3)
        parts = [f"{Path(name).name}: {phase}" for name, phase in sorted(self._phases.items())]
        self._progress(" │ ".join([head, *(_cut(part, width) for part in parts)]))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
