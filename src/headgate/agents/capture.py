"""The capture of one cable, for as long as one gateway lives.

tcpdump writes every packet that comes in to a file. Left out are those TCP segments that neither
carry a byte nor open a connection: they are more than half of all packets, and tell nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import signal
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

PATH = "/run/internet.pcap"
INTERFACE = "internet"
ROOM = 128 << 20
# Packets wait here until tcpdump gets its turn on a busy machine: KiB.
WAITING_ROOM = 16 << 10
# The kernel hands packets over in blocks of 256 KiB, or after a second. So that nobody waits for
# that second, what is behind the mark fills two blocks: bytes in an echo, and how many of them.
_FILLING, _FILLINGS = 60_000, 10
# For what comes at once, however busy the machine: seconds.
PATIENCE = 10.0
LOOK_EVERY = 0.002

_BARE = (
    "ip[6:2] & 0x3fff = 0"  # no fragment
    " and tcp[tcpflags] & tcp-syn = 0"
    " and ip[2:2] = ((ip[0] & 0xf) << 2) + ((tcp[12] & 0xf0) >> 2)"  # headers, and no more
)
_DROPPED = re.compile(rb"(\d+) packets? dropped by (?:kernel|interface)")
_ECHO_REQUEST = 8  # RFC 792


@dataclass(frozen=True)
class Recorded:
    """How a capture ended: `doubt` says in words why it may not be whole, and is empty else."""

    path: str
    doubt: str
    mark: bytes

    def frames(self) -> Iterator[bytes]:
        """The packets, up to the one that marks the end."""
        import dpkt  # it takes 30 ms, and nobody needs it before

        with open(self.path, "rb") as file:
            for _, frame in dpkt.pcap.Reader(file):
                if self.mark in frame:
                    return
                yield frame


class Capture:
    """tcpdump on the cable; begun anew for each gateway."""

    def __init__(self, interface: str = INTERFACE, room: int = ROOM) -> None:
        self._interface = interface
        self._room = room
        self._process: asyncio.subprocess.Process | None = None

    async def begin(self) -> None:
        """Record. What comes in from the moment that this returns is in the file."""
        self.abandon()
        _make_way()
        self._words = b""
        self._process = await asyncio.create_subprocess_exec(
            "prlimit", f"--fsize={self._room}",
            "tcpdump", "-i", self._interface, "-Q", "in", "-p", "-n", "-s", "0",
            "-B", str(WAITING_ROOM), "-Z", "root", "-w", PATH, f"not ({_BARE})",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stderr
        while b"listening on" not in self._words:
            line = await self._process.stderr.readline()
            if not line:
                raise OSError(f"tcpdump did not start: {self._words.decode(errors='replace')}")
            self._words += line

    async def end(self, neighbour: str) -> Recorded:
        """Stop when everything that has been sent so far is in the file.

        An echo, asked of the neighbour at the cable's other end, comes in behind all that. (Told
        to stop, tcpdump drops what it has not read.)
        """
        process, mark = self._process, os.urandom(16)
        if process is None:
            return Recorded(PATH, "the cable was not recorded", mark)
        doubt = await self._await(process, neighbour, mark)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        assert process.stderr
        words = await process.stderr.read()
        await process.wait()
        self._process = None
        if any(int(count) for count in _DROPPED.findall(words)):
            doubt = doubt or "packets crossed the cable faster than they could be recorded"
        return Recorded(PATH, doubt, mark)

    async def _await(self, process: asyncio.subprocess.Process, neighbour: str, mark: bytes) -> str:
        start = _size()
        for data in (mark, *[bytes(_FILLING)] * _FILLINGS):
            _ask_for_echo(neighbour, data)
        try:
            async with asyncio.timeout(PATIENCE):
                while process.returncode is None and mark not in _read(start):
                    # tcpdump does not tell what it has written; the file is the only sign.
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            return "the recording of the cable did not come to its end"
        if process.returncode is None:
            return ""
        if _size() >= self._room:
            return f"more crossed the cable than can be searched ({self._room >> 20} MiB)"
        return "the recording of the cable ended before the gateway did"

    def held(self) -> IO[bytes]:
        """The file as it is, whatever is recorded after it; an empty one, where there is none."""
        try:
            return open(PATH, "rb")
        except FileNotFoundError:
            return io.BytesIO()

    def abandon(self) -> None:
        """Stop without looking at what was recorded."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process = None


def _make_way() -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(PATH)


def _size() -> int:
    return os.path.getsize(PATH)


def _read(start: int) -> bytes:
    with open(PATH, "rb") as file:
        file.seek(start)
        return file.read()


def _ask_for_echo(neighbour: str, data: bytes) -> None:
    header = struct.Struct(">BBHHH")
    bare = header.pack(_ECHO_REQUEST, 0, 0, 1, 1) + data
    packet = header.pack(_ECHO_REQUEST, 0, _checksum(bare), 1, 1) + data
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.sendto(packet, (neighbour, 0))


def _checksum(data: bytes) -> int:
    """RFC 1071, over an even number of bytes."""
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
