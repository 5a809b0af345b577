"""The engine that needs no daemon: every node in namespaces of an ordinary user's own.

Nothing is left on the machine that would have to be removed: no name, mount or file. What there is
of a session hangs on its first process, and that on the harness's end of one socket
(`engines/sandbox`).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import selectors
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self

from headgate.engines.engine import (
    CAGE_CAPABILITIES,
    NODE_CAPABILITIES,
    Cage,
    Deadline,
    Limits,
    Output,
)
from headgate.engines.sandbox import launch, roots
from headgate.errors import LabError
from headgate.images import GATEWAY, LAB

# What an engine puts in the place of an image's own files.
_GIVEN = {
    "/etc/resolv.conf": "nameserver 198.18.0.2\n",
    "/etc/hostname": "gateway\n",
    "/etc/hosts": "127.0.0.1\tlocalhost\n",
}
_LONGEST_REPLY = 1 << 20
# Seconds in which the keeper answers anything, on a machine that is never so busy.
_PATIENCE = 60.0
# Seconds for the end of a session, which takes some hundredths of one.
_ENDING = 5.0
# Of a command whose cage has ended with it.
_KILLED = 137
# Seconds for what a command that has ended has said last, as Docker waits.
_LAST_WORDS = 2.0


class SandboxEngine:
    """Starts the nodes of one session in namespaces."""

    def __init__(self, progress: Callable[[str], None] = lambda line: None) -> None:
        self._progress = progress
        self._stack = contextlib.ExitStack()
        self._turn = threading.Lock()
        self._image_files: dict[tuple[str, str], bytes] = {}

    def __enter__(self) -> Self:
        self._roots = {name: roots.ensure(name, self._progress) for name in (GATEWAY, LAB)}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_PATIENCE)
        lab = self._roots[LAB]
        with theirs:
            self._launcher = subprocess.Popen(
                launch.command("session", str(lab.path), str(roots.cache()), roots.agents()),
                env=lab.about.environment,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
        self._stack.callback(self._end)
        try:
            self._value(self._reply())
        except BaseException:
            self._stack.close()
            raise
        return self

    def _reply(self) -> bytes:
        """The keeper's next word; nothing when there will be none."""
        try:
            return self._control.recv(_LONGEST_REPLY)
        except OSError:
            return b""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _end(self) -> None:
        """Wait for the launcher, which waits for all that it has started; but not for ever."""
        self._control.close()
        try:
            self._launcher.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._last_words()
        assert self._launcher.stderr
        self._launcher.stderr.close()

    def _last_words(self) -> bytes:
        """End the launcher by force, and with it the keeper; what they have said of it."""
        with contextlib.suppress(OSError):  # it is closed already
            self._control.shutdown(socket.SHUT_RDWR)
        self._launcher.kill()
        try:
            return self._launcher.communicate(timeout=_ENDING)[1]
        except subprocess.TimeoutExpired:  # whoever hangs in the kernel does not keep us
            return b""

    def call(self, call: str, streams: Sequence[int] = (), **more: Any) -> Any:
        """Ask the keeper for something, and close our copies of the streams that it is given."""
        data = json.dumps({"call": call, **more}).encode()
        try:
            with self._turn:
                with contextlib.suppress(OSError):  # it has gone; then there is no reply
                    socket.send_fds(self._control, [data], list(streams))
                reply = self._reply()
        finally:
            for one in streams:
                os.close(one)
        return self._value(reply)

    def _value(self, reply: bytes) -> Any:
        if not reply:
            with self._turn:
                words = self._last_words().decode("utf-8", "replace").strip()
            last = words.rpartition("\n")[2] or "without a word"
            raise LabError(f"the sandbox has ended: {last}; `headgate doctor` may say why")
        told = json.loads(reply)
        if "error" in told:
            raise LabError(f"the sandbox refused: {told['error']}")
        return told["value"]

    def facts(self) -> Mapping[str, str]:
        return {
            "engine": f"sandbox (user namespaces; systems from {', '.join(self._sources())})",
            "kernel": platform.release(),
            **{name: root.about.digest for name, root in self._roots.items()},
        }

    def _sources(self) -> list[str]:
        return sorted({root.about.source.partition(",")[0] for root in self._roots.values()})

    def agent(self, role: str) -> Node:
        ours, theirs = socket.socketpair()
        # Whoever does not read what it is sent is stuck.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 20, 0))
        outputs = Pipes(True, False)
        streams = [theirs.detach(), *outputs.ends()]
        pid = self.call("node", streams, role=role, capabilities=NODE_CAPABILITIES[role])
        self._stack.callback(ours.close)
        return Node(ours, outputs, pid)

    def cage(self, image: str, writable: Mapping[str, str], limits: Limits) -> SandboxCage:
        root = self._root(image)
        lifeline, end = os.pipe()
        ours = self._stack.enter_context(os.fdopen(end, "wb"))
        nothing = [os.open(os.devnull, os.O_RDWR) for _ in range(2)]
        pid = self.call(
            "cage",
            [lifeline, *nothing],
            root=root.inside,
            environment=root.about.environment,
            writable=dict(writable),
            capabilities=CAGE_CAPABILITIES,
            files=_GIVEN,
            memory=limits.memory,
            processes=limits.processes,
            file_size=limits.file_size,
            writable_size=limits.writable_size,
        )
        return SandboxCage(self, pid, root, ours)

    def _root(self, image: str) -> roots.Root:
        if image not in self._roots:
            self._roots[image] = roots.ensure(image, self._progress)
        return self._roots[image]

    def files_of(self, root: roots.Root, path: str) -> bytes:
        key = (root.inside, path)
        if key not in self._image_files:
            self._image_files[key] = root.archive(path)
        return self._image_files[key]


class Pipes:
    """A pipe for each kind of thing that a process says: True is its standard output, False its
    standard error, None how it has ended."""

    def __init__(self, *kinds: bool | None) -> None:
        self._selector = selectors.DefaultSelector()
        self._ends: list[int] = []
        for kind in kinds:
            reader, writer = os.pipe()
            self._selector.register(reader, selectors.EVENT_READ, kind)
            self._ends.append(writer)

    def ends(self) -> list[int]:
        """The ends that are the process's."""
        return self._ends

    def next(self) -> tuple[bool | None, bytes] | None:
        """What comes next, nothing at the end of each kind; None when all have ended."""
        for key, _ in self._selector.select() if self._selector.get_map() else []:
            data = os.read(key.fd, 1 << 20)
            if not data:
                self._selector.unregister(key.fd)
                os.close(key.fd)
            return key.data, data
        self._selector.close()
        return None


class Node:
    """A node whose life hangs on its standard input."""

    def __init__(self, stdin: socket.socket, outputs: Pipes, pid: int) -> None:
        self._stdin = stdin
        self._outputs = outputs
        self.pid = pid
        self.write = stdin.sendall

    def read(self) -> tuple[bool, bytes] | None:
        while (part := self._outputs.next()) is not None:
            if part[1]:
                return bool(part[0]), part[1]
        return None

    def close(self) -> None:
        self._stdin.close()


class SandboxCage(Cage):
    """A gateway's namespaces, held open by a process of their own."""

    def __init__(
        self, engine: SandboxEngine, pid: int, root: roots.Root, lifeline: BinaryIO
    ) -> None:
        self._engine = engine
        self._root = root
        self._lifeline = lifeline
        self.pid = pid

    def image_files(self, path: str) -> bytes:
        return self._engine.files_of(self._root, path)

    def start(
        self, argv: Sequence[str], output: Output, environment: Mapping[str, str] | None = None
    ) -> SandboxProgram:
        pipes = Pipes(True, False, None)
        streams = [os.open(os.devnull, os.O_RDWR), *pipes.ends()]
        more = dict(environment or {})
        self._engine.call("run", streams, pid=self.pid, argv=list(argv), environment=more)
        return SandboxProgram(pipes, output)

    def close(self) -> None:
        self._lifeline.close()
        self._engine.call("end", pid=self.pid)


class SandboxProgram:
    """A command in a cage: its output goes to `output` as it comes, from a thread."""

    def __init__(self, pipes: Pipes, output: Output) -> None:
        self._exit: int | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._pump, args=(pipes, output), daemon=True)
        self._thread.start()

    def _pump(self, pipes: Pipes, output: Output) -> None:
        while (part := pipes.next()) is not None:
            kind, data = part
            if kind is not None:
                output(kind, data)
            elif self._exit is None:
                self._exit = int(data or _KILLED)
                self._ended.set()

    def wait(self, timeout: float) -> int | None:
        deadline = Deadline(timeout)
        if self._ended.wait(timeout):
            # A child that stays may hold the streams open; what it says is still taken.
            self._thread.join(min(deadline.left, _LAST_WORDS))
        return self._exit
