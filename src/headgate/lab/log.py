"""What a gateway writes to its standard streams, up to a bound."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 32 << 20
_TAIL = 4096
_COMPLAINT = re.compile(rb"\[(?:error|crit|alert|emerg)\]")


class Log:
    """Two streams; past LONGEST in all, `overflowed` and no more is kept.

    Each is kept by itself: where they meet, a line of one would be cut by a line of the other.
    """

    def __init__(self) -> None:
        self._streams = {"standard output": bytearray(), "standard error": bytearray()}
        self._tail = b""
        self._room = LONGEST
        self.overflowed = False

    def write(self, is_output: bool, data: bytes) -> None:
        self._streams["standard output" if is_output else "standard error"] += data[: self._room]
        self._tail = (self._tail + data)[-_TAIL:]
        self.overflowed |= len(data) > self._room
        self._room -= min(self._room, len(data))

    @property
    def streams(self) -> dict[str, bytes]:
        """What was written to each, by its name."""
        return {name: bytes(data) for name, data in self._streams.items()}

    def last_lines(self, count: int = 6) -> str:
        """The last lines of both, in the order in which they came."""
        text = self._tail.decode("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-count:])


def complaints(files: Iterable[bytes], most: int = 6) -> list[str]:
    """The last lines in which nginx complains, wherever it logs."""
    lines = [line for data in files for line in data.splitlines() if _COMPLAINT.search(line)]
    return [line.decode("utf-8", "replace")[:300] for line in lines[-most:]]
