"""What a client asks of a Redis server, read off the bytes that it sends (RESP, the array form).

Source: Redis serialization protocol specification, "Sending commands to a Redis server".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_COUNT = re.compile(rb"\*(\d{1,7})\r\n")
_LENGTH = re.compile(rb"\$(\d{1,10})\r\n")
_END = b"\r\n"

# Commands that leave nothing with the server but the question (Redis' command documentation, those
# of the category @read that a gateway may have a use for).
READING = frozenset(
    b"EXISTS EXPIRETIME GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HSCAN HSTRLEN "
    b"HVALS KEYS LINDEX LLEN LPOS LRANGE MGET PTTL SCAN SCARD SISMEMBER SMEMBERS SMISMEMBER SSCAN "
    b"STRLEN TTL TYPE XLEN XRANGE ZCARD ZRANGE ZRANK ZSCORE".split()
)

Span = tuple[int, int]


def readings(data: bytes) -> Iterator[Span]:
    """Start and end of each whole command in `data` that only reads, in order.

    What is no command in the array form ends the reading: from there on nobody knows.
    """
    at = 0
    while (command := _command(data, at)) is not None:
        name, end = command
        if name.upper() in READING:
            yield at, end
        at = end


def _command(data: bytes, at: int) -> tuple[bytes, int] | None:
    """The name of the command at this offset and where it ends; None when there is no whole one."""
    count = _COUNT.match(data, at)
    if count is None or not int(count[1]):
        return None
    name, at = b"", count.end()
    for index in range(int(count[1])):
        length = _LENGTH.match(data, at)
        if length is None:
            return None
        start, at = length.end(), length.end() + int(length[1]) + len(_END)
        if data[at - len(_END) : at] != _END:
            return None
        name = name if index else data[start : at - len(_END)]
    return name, at
