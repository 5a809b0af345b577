"""A client of the session store, on a socket of its own (RESP, Redis serialization protocol).

Debian's client library takes longer to import than everything else that the world imports.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence

Reply = bytes | int | list["Reply"] | None


class Client:
    """A connection to a Redis server at a unix socket. OSError when nobody listens there."""

    def __init__(self, path: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX)
        try:
            self._sock.connect(path)
        except OSError:
            self._sock.close()
            raise
        self._replies = self._sock.makefile("rb")

    def close(self) -> None:
        self._replies.close()
        self._sock.close()

    def ask(self, *words: str) -> Reply:
        """The reply to one command; ValueError when it is an error."""
        self._sock.sendall(command(words))
        return self._reply()

    def transaction(self, commands: Iterable[Sequence[str]]) -> None:
        """Carry out all of the commands at once; they are acknowledged when this returns."""
        every = [("MULTI",), *commands, ("EXEC",)]
        self._sock.sendall(b"".join(map(command, every)))
        for _ in every:
            self._reply()

    def _reply(self) -> Reply:
        line = self._replies.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the session store has hung up")
        kind, words = line[:1], line[1:-2]
        if kind == b"-":
            raise ValueError(f"the session store refused: {words.decode()}")
        if kind == b":":
            return int(words)
        if kind == b"*":
            return [self._reply() for _ in range(int(words))]
        if kind == b"$" and int(words) >= 0:
            return self._replies.read(int(words) + 2)[:-2]
        return None if kind == b"$" else words


def command(words: Sequence[str]) -> bytes:
    """A command in the array form."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
