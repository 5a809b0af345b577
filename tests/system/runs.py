"""`headgate` as a person runs it: a process of its own. And what a run leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import docker
from docker.models.containers import Container

from headgate.engines.choice import DOCKER
from headgate.engines.docker_engine import SESSION_LABEL

TOP = Path(__file__).resolve().parents[2]
SAMPLES = TOP / "gateway_config"
DEFAULTS = SAMPLES / "gateway.yaml"
CANDIDATES = Path(__file__).parent / "candidates"
POLICY = CANDIDATES / "policy.yaml"
# By this one nobody may learn a number; of all policies it makes for the shortest run.
SHORT = CANDIDATES / "no-sites.yaml"

# Far above what any run here takes, even on a busy machine.
LONGEST = 240.0

_LAUNCHER = "headgate.engines.sandbox.launcher"
_KINDS = ("user", "pid", "net", "mnt")
_REAPER = re.compile(r"headgate\.engines\.reaper\0([0-9a-f]{32})")


class Run:
    """A run of `headgate`, with its own temporary folder; its lines of progress can be awaited.
    Leaving it ends it, if a test has failed to."""

    def __init__(self, folder: Path, words: Sequence[str | Path]) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="tmp", dir=folder))
        self.began = time.monotonic()
        self.lines: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headgate", *map(str, words)],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.send(signal.SIGTERM)
        self.exit()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            with self._changed:
                self.lines.append((time.monotonic() - self.began, line.rstrip("\n")))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def said(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def until(self, words: str) -> None:
        """Wait until it says these words, or has ended."""
        with self._changed:
            self._changed.wait_for(lambda: words in self.said or self._ended, LONGEST)
        assert words in self.said, self.said

    def until_count(self, words: str, count: int) -> None:
        """Wait until it has said these words so many times, or has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.said.count(words) >= count or self._ended, LONGEST)
        assert self.said.count(words) == count, self.said

    def until_line(self, count: int) -> None:
        """Wait until it has said so many lines, or has ended."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.lines) >= count or self._ended, LONGEST)

    def linger(self, seconds: float) -> None:
        """Let it work on for a while, unless it ends before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Send a signal to its process group, as a terminal does for Ctrl-C."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def exit(self) -> int:
        """Wait for its end; its exit status."""
        status = self.process.wait(LONGEST)
        self._reader.join(LONGEST)
        if self.process.stdout:
            self.process.stdout.close()
        return status

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    # What it has on the engine

    def reapers(self) -> Iterator[tuple[int, str]]:
        """The process that outlives it, and the session that it guards; then those of the processes
        that share its work."""
        for starter in self._starters():
            for pid, command in _commands():
                if (match := _REAPER.search(command)) and _parent(pid) == starter:
                    yield pid, match[1]

    def launchers(self) -> Iterator[int]:
        """The process that makes its sandbox and outlives it, if only for a moment; then those of
        the processes that share its work."""
        for starter in self._starters():
            for pid, command in _commands():
                if _LAUNCHER in command and _parent(pid) == starter:
                    yield pid

    def helpers(self) -> list[int]:
        """The processes that share its work."""
        return [
            pid
            for pid, command in _commands()
            if _parent(pid) == self.process.pid and "spawn_main" in command
        ]

    def _starters(self) -> list[int]:
        return [self.process.pid, *self.helpers()]

    def workers_reapers(self) -> list[tuple[int, str]]:
        """As `reaper`, of each process that it has started to do its work."""
        return [
            (pid, match[1])
            for pid, command in _commands()
            if (match := _REAPER.search(command))
            and (worker := _parent(pid)) is not None
            and _parent(worker) == self.process.pid
        ]


def parent(pid: int) -> int:
    """The process that has started this one."""
    found = _parent(pid)
    assert found is not None
    return found


def verdicts(path: Path) -> list[dict[str, Any]]:
    """What a `verdict.json` says of each candidate."""
    found = json.loads(path.read_text())["candidates"]
    assert isinstance(found, list)
    return found


@dataclass(frozen=True)
class Left:
    """What is still there of a run: each by a name that a person can look for."""

    containers: tuple[str, ...]
    namespaces: tuple[str, ...]
    processes: tuple[str, ...]
    files: tuple[str, ...]


class Processes:
    """Processes whose end is awaited, by the descriptors that stand for them."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}

    def note(self, pid: int) -> None:
        """Await the end of this one too, if it has not come yet."""
        if pid not in self._held:
            with contextlib.suppress(ProcessLookupError):
                self._held[pid] = os.pidfd_open(pid)

    def all_end(self, seconds: float) -> bool:
        """Wait for the end of them all; False when it takes longer than so many seconds."""
        last = time.monotonic() + seconds
        for one in self._held.values():
            ready, _, _ = select.select([one], [], [], max(0.0, last - time.monotonic()))
            if not ready:
                return False
        return True

    def close(self) -> None:
        for one in self._held.values():
            os.close(one)


class DockerWatch:
    """Follows a run on the Docker engine, so that afterwards it is known what to look for."""

    def __init__(self, client: docker.DockerClient, run: Run) -> None:
        self._client = client
        self._run = run
        self._ids: set[str] = set()
        self._namespaces: set[str] = set()
        self._sessions: set[str] = set()
        self._awaited = Processes()

    def look(self) -> None:
        """Note the containers and network namespaces that the run has now."""
        for pid, session in self._run.reapers():
            self._sessions.add(session)
            self._awaited.note(pid)
        for pid in self._run.helpers():
            self._awaited.note(pid)
        for container in self.containers():
            self._ids.add(str(container.id))
            with contextlib.suppress(docker.errors.NotFound):
                settings = self._client.api.inspect_container(str(container.id))["NetworkSettings"]
                self._namespaces.add(Path(settings["SandboxKey"]).name)

    def containers(self) -> list[Container]:
        """The run's containers, running or not."""
        found = []
        for session in self._sessions:
            label = f"{SESSION_LABEL}={session}"
            found += self._client.containers.list(
                all=True, filters={"label": label}, ignore_removed=True
            )
        return found

    def kill(self, role: str) -> None:
        """Kill the nodes of a role; the control's gateway may be on its way out."""
        for one in self.containers():
            if one.labels["headgate"] == role:
                with contextlib.suppress(docker.errors.APIError):
                    one.kill()

    def await_reaper(self, seconds: float) -> bool:
        """Wait for the end of what cleans up; False when it takes longer."""
        return self._awaited.all_end(seconds)

    def left(self) -> Left:
        containers = {str(one.name) for one in self.containers()}
        return Left(
            tuple(sorted(containers)),
            tuple(sorted(filter(_is_held, self._namespaces))),
            tuple(sorted(self._processes())),
            tuple(sorted(str(path) for path in self._run.temporary.rglob("*"))),
        )

    def _processes(self) -> Iterator[str]:
        """Those of its own session, those in its containers, and the one that cleans up."""
        for pid, command in _commands():
            own = _session_of(pid) == self._run.process.pid
            caged = any(container in _cgroups(pid) for container in self._ids)
            if own or caged or any(session in command for session in self._sessions):
                yield f"{pid} {command[:200]!r}"

    def close(self) -> None:
        self._awaited.close()


class SandboxWatch:
    """Follows a run in its sandboxes: everything in one is in the user namespace that its launcher
    has made. That is held open, since the kernel gives the number of one that has gone to the next.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._launchers: set[int] = set()
        self._spaces: dict[int, str] = {}
        self._held: list[int] = []
        self._awaited = Processes()

    def look(self) -> None:
        """Note the launchers, and the user namespace of each as soon as it has one."""
        for pid in self._run.helpers():
            self._awaited.note(pid)
        for launcher in self._run.launchers():
            self._launchers.add(launcher)
            self._awaited.note(launcher)
            if launcher not in self._spaces:
                with contextlib.suppress(OSError):  # it has ended
                    self._hold(launcher)

    def _hold(self, launcher: int) -> None:
        if _namespace(launcher, "user") not in ("", _namespace(os.getpid(), "user")):
            self._held.append(os.open(f"/proc/{launcher}/ns/user", os.O_RDONLY))
            self._spaces[launcher] = _namespace(launcher, "user")

    def _inside(self) -> list[int]:
        spaces = set(self._spaces.values())
        return [pid for pid in _living() if _namespace(pid, "user") in spaces]

    def kill(self, role: str) -> None:
        """Kill the nodes of a role; of a gateway what holds its cage open."""
        names = {"gateway": "sh"}
        for pid in self._inside():
            if _name(pid) == names.get(role, role):
                os.kill(pid, signal.SIGKILL)

    def stop_launcher(self) -> None:
        """Let the launchers hang."""
        assert self._launchers
        for launcher in self._launchers:
            os.kill(launcher, signal.SIGSTOP)

    def await_reaper(self, seconds: float) -> bool:
        """Wait for the end of the launchers; False when it takes longer."""
        return self._awaited.all_end(seconds)

    def left(self) -> Left:
        inside = self._inside()
        namespaces = {_namespace(pid, kind) for pid in inside for kind in _KINDS} - {""}
        processes = {pid: command for pid, command in _commands() if pid in inside}
        sessions = {self._run.process.pid, *self._launchers}  # a keeper's is one of the latter
        processes |= {pid: said for pid, said in _commands() if _session_of(pid) in sessions}
        told = [f"{pid} {command[:200]!r}" for pid, command in sorted(processes.items())]
        files = [str(path) for path in self._run.temporary.rglob("*")]
        return Left((), tuple(sorted(namespaces)), tuple(told), tuple(sorted(files)))

    def close(self) -> None:
        for one in self._held:
            os.close(one)
        self._awaited.close()


Watch = DockerWatch | SandboxWatch


def watch(engine: str, client: docker.DockerClient, run: Run) -> Watch:
    """What follows a run on this engine."""
    return DockerWatch(client, run) if engine == DOCKER else SandboxWatch(run)


def _living() -> Iterator[int]:
    """Every process, but for those that have ended and that nobody has asked for their status."""
    return (pid for pid, _ in _commands() if _session_of(pid) is not None)


def _namespace(pid: int, kind: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:
        return ""


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _is_held(namespace: str) -> bool:
    """Whether the engine still holds a network namespace. Its file alone does not: Docker sweeps
    those once a minute."""
    return bool(namespace) and f"/{namespace} nsfs " in Path("/proc/mounts").read_text()


def _commands() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / "cmdline").read_bytes().decode("utf-8", "replace")


def _parent(pid: int) -> int | None:
    return _stat_field(pid, 1)


def _session_of(pid: int) -> int | None:
    return _stat_field(pid, 3)


def _stat_field(pid: int, index: int) -> int | None:
    """A number of /proc/PID/stat, counted from behind the name (proc(5)); None for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[index])


def _cgroups(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""
