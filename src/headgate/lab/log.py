"""What a gateway writes to its standard streams, up to a bound."""

from __future__ import annotations

LONGEST = 32 << 20


class Log:
    """Bytes in the order in which they came; past LONGEST, `overflowed` and no more is kept."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.overflowed = False

    def write(self, data: bytes) -> None:
        room = LONGEST - len(self._data)
        self._data += data[:room]
        self.overflowed |= len(data) > room

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    def last_lines(self, count: int = 6) -> str:
        text = bytes(self._data[-4096:]).decode("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-count:])
