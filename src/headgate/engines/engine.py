"""The seam between the lab and whatever runs its nodes.

An engine starts processes in namespaces of their own and hands out their standard streams; it
knows nothing of HTTP, of policies or of what the cables carry. Closing an engine, or the death of
the harness, by whatever signal, ends everything that the engine has started.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

Output = Callable[[bool, bytes], None]
"""Takes what a program writes as it comes: True and bytes of standard output, False of error."""

# What nginx needs to bind its ports, to give its workers their user and their folders, and to
# signal them. Everything else is dropped.
CAGE_CAPABILITIES = ("NET_BIND_SERVICE", "SETUID", "SETGID", "CHOWN", "KILL")

NODE_CAPABILITIES: Mapping[str, Sequence[str]] = {
    "handsets": ("NET_ADMIN",),
    # tcpdump changes its user, be it to the one that it has.
    "world": ("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SETGID", "SETUID"),
    "cabler": (
        *("NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE"),
        *("SYS_CHROOT", "DAC_OVERRIDE", "CHOWN", "KILL"),
    ),
}


@dataclass(frozen=True)
class Completed:
    """A command that ended: its exit status, None when it had to be killed, and what it said."""

    exit: int | None
    output: str


@dataclass(frozen=True)
class Limits:
    """What a caged gateway may use: bytes and processes."""

    memory: int = 512 << 20
    processes: int = 256
    file_size: int = 128 << 20
    writable_size: int = 64 << 20


class Channel(Protocol):
    """The standard streams of an agent, and its process as the engine's cabler sees it."""

    pid: int

    def write(self, data: bytes) -> None: ...

    def read(self) -> tuple[bool, bytes] | None:
        """The next bytes, with True for standard output and False for error; None at the end."""

    def close(self) -> None: ...


class Program(Protocol):
    """A command of the candidate's that keeps running in its cage."""

    def wait(self, timeout: float) -> int | None:
        """The exit status, None while it runs on after `timeout` seconds."""


class Cage(Protocol):
    """A place for one untrusted gateway: its image, read-only, without privileges or network."""

    pid: int

    def image_files(self, path: str) -> bytes:
        """A directory of the image, as a tar archive whose names begin with its last part."""

    def run(self, argv: Sequence[str], timeout: float) -> Completed:
        """A command of the candidate's from its start to its end, or for so many seconds."""
        output = bytearray()
        program = self.start(argv, lambda _, data: output.extend(data))
        status = program.wait(timeout)
        return Completed(status, output.decode("utf-8", "replace"))

    def start(
        self, argv: Sequence[str], output: Output, environment: Mapping[str, str] | None = None
    ) -> Program: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Starts nodes. Entering connects, leaving removes everything."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def agent(self, role: str) -> Channel:
        """Start the node of an agent (`handsets`, `world` or `cabler`)."""

    def cage(self, image: str, writable: Mapping[str, str], limits: Limits) -> Cage:
        """A cage of an image; `writable` are the directories in it that may be written to, each
        with its mode in octal digits."""

    def facts(self) -> Mapping[str, str]:
        """Engine, versions and image digests, for the record."""


class Deadline:
    """A bound on waiting, in seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """So many more."""
        self._end += seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())
