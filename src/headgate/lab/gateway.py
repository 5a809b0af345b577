"""A candidate's gateway in its cage, from installation to its last log line."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from headgate.candidate import Candidate
from headgate.engines.engine import Cage, Deadline
from headgate.errors import LabError, NotJudged
from headgate.feeds import DOUBTFUL, Change, Reach, feed_for
from headgate.lab.agent import Agent
from headgate.lab.log import Log
from headgate.lab.topology import UNASKED
from headgate.numbers import Subscriber

# Where nginx and its modules write, beside the candidate's own directory.
# As Debian has them (hier(7)): everybody may write into two of them.
WRITABLE = {
    "/run": "755",
    "/tmp": "1777",
    "/var/cache": "755",
    "/var/lib/nginx": "755",
    "/var/log": "755",
    "/var/tmp": "1777",
}
# What every engine gives its cages beside: shared memory, which holds files as well.
SHARED = "/dev/shm"
# nginx does not make the folders of its own paths; Debian's package does.
FOLDERS = ("/var/log/nginx", "/var/cache/nginx", "/run/nginx")

# Bounds on waiting, in seconds. nginx validates in 10 ms and listens in 20.
VALIDATING = 20.0
STARTING = 10.0
RELOADING = 15.0
STOPPING = 3.0
LOOK_EVERY = 0.005
# Looking through all processes of the machine costs milliseconds by itself.
LOOK_FOR_PROCESSES_EVERY = 0.02

EVIDENCE_SIZE = 256 << 20

# `date time [level] pid#tid: *connection words`, or `nginx: [level] words` before there is a log.
_COMPLAINT = re.compile(r"\[(?:emerg|alert|crit|error)\] (?:\d+#\d+: )?(?:\*\d+ )?(.*)")


@dataclass(frozen=True)
class Process:
    """A process of the gateway's, as seen from outside its cage."""

    pid: int
    title: str
    uids: tuple[int, ...]
    capabilities: int
    no_new_privileges: bool
    started: int

    @property
    def is_worker(self) -> bool:
        return self.title.startswith("nginx: worker process") and not self.is_leaving

    @property
    def is_leaving(self) -> bool:
        return "is shutting down" in self.title


class Gateway:
    """One candidate, running. `sessions` are the subscribers attached, by address."""

    def __init__(self, candidate: Candidate, cage: Cage, cabler: Agent, world: Agent) -> None:
        self.candidate = candidate
        self.log = Log()
        self.pid = cage.pid
        self.sessions: dict[str, Subscriber] = {}
        self.known = True
        self.in_doubt = False
        self.zone = ""
        self._cage = cage
        self._cabler = cabler
        self._feed = feed_for(candidate.spec.sessions, Reach(world.call, self.install, self.reload))
        self._workers: frozenset[tuple[int, int]] = frozenset()

    # Start and stop

    def start(self, sessions: Mapping[str, Subscriber]) -> None:
        """Install, validate, start, and wait until every declared port is listened on."""
        spec = self.candidate.spec
        self.sessions = dict(sessions)
        self._install_image_files()
        self._make_folders()
        self.install(self.candidate.files, self.candidate.links)
        if provided := self._feed.files(self.sessions):
            self.install(provided)
        self._feed.begin(self.sessions)
        self._validate()
        self._program = self._cage.start(spec.start, self.log.write)
        self._await_ports()
        self._workers = self._worker_ids()

    def start_anew(self, zone: str = "") -> None:
        """Stop, and start again as it stands, in this time zone where one is given."""
        self._assert_no_worker_lost()
        self.stop()
        self.zone = zone
        environment = {"TZ": zone} if zone else {}
        self._program = self._cage.start(self.candidate.spec.start, self.log.write, environment)
        self._await_ports()
        self._workers = self._worker_ids()

    def _install_image_files(self) -> None:
        install = PurePosixPath(self.candidate.spec.install)
        archive = self._cage.image_files(str(install))
        self._in_cage("install", path=str(install.parent), archive=archive)

    def _make_folders(self) -> None:
        archive = _archive({folder.lstrip("/"): None for folder in FOLDERS})
        self._in_cage("install", path="/", archive=archive)

    def install(self, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> None:
        """Put files below `install`, over what is there."""
        path = str(self.candidate.spec.install)
        archive = _archive(files, self.candidate.executable, links)
        self._in_cage("install", path=path, archive=archive)

    def _validate(self) -> None:
        command = self.candidate.spec.validate
        done = self._cage.run(command, VALIDATING)
        if done.exit is None:
            raise NotJudged(f"`{' '.join(command)}` did not end within {VALIDATING:.0f} seconds")
        if done.exit:
            ended = f"`{' '.join(command)}` ended with exit status {done.exit}"
            raise NotJudged(_first_error(done.output) or ended, done.output.strip())

    def _await_ports(self) -> None:
        deadline = Deadline(STARTING)
        while missing := self._unheard_ports():
            status = self._program.wait(LOOK_EVERY)
            if status or (status == 0 and not self.processes()):
                words = self.log.last_lines()
                reason = _first_error(words) or f"the gateway ended with exit status {status}"
                raise NotJudged(f"does not start: {reason}", words)
            if not deadline.left:
                named = " and ".join(f"{port} (ports.{name})" for name, port in missing)
                raise NotJudged(
                    f"does not listen on port {named} within {STARTING:.0f} seconds",
                    self.log.last_lines(),
                )

    def _unheard_ports(self) -> list[tuple[str, int]]:
        heard = {port for _, port in self.sockets()}
        return [(name, port) for name, port in self.declared_ports.items() if port not in heard]

    @property
    def listens(self) -> bool:
        """Whether somebody listens on every declared port."""
        return not self._unheard_ports()

    @property
    def declared_ports(self) -> dict[str, int]:
        spec = self.candidate.spec
        ports = {"proxy": spec.proxy_port, "transparent": spec.transparent_port}
        return {name: port for name, port in ports.items() if port is not None}

    @cached_property
    def side_doors(self) -> tuple[int, ...]:
        """Ports that handsets can reach, and that the candidate has not declared."""
        declared = set(self.declared_ports.values())
        ports = {port for address, port in self.sockets() if not _is_loopback(address)}
        return tuple(sorted(ports - declared))

    def stop(self) -> None:
        """End gracefully, so that what is buffered reaches the logs, and within a bound."""
        for process in self.processes():
            if process.title.startswith("nginx: master"):
                self.tell(process, signal.SIGQUIT)
        deadline = Deadline(STOPPING)
        while self.processes() and deadline.left:
            self._program.wait(LOOK_FOR_PROCESSES_EVERY)
        for process in self.processes():
            self.tell(process, signal.SIGKILL)

    def tell(self, process: Process, number: int) -> None:
        """Send a signal to one of the gateway's processes."""
        self._cabler.call("kill", pid=process.pid, number=number)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the start command ends."""
        self._program.wait(seconds)

    # Sessions

    def attach(self, change: Change) -> None:
        """Attach subscribers to addresses, or detach (None). It counts when this returns."""
        for address, subscriber in change.items():
            self.sessions.pop(address, None)
            if subscriber is not None:
                self.sessions[address] = subscriber
        self._feed.update(self.sessions, change)

    @property
    def faults(self) -> tuple[str, ...]:
        return self._feed.faults

    @contextlib.contextmanager
    def disturbed(self, fault: str) -> Iterator[None]:
        """For a while the gateway cannot know its subscribers, or is in doubt whether it does."""
        self.in_doubt = fault in DOUBTFUL
        self.known = self.in_doubt
        self._feed.disturb(fault, self.sessions)
        try:
            yield
        finally:
            self._feed.restore(self.sessions)
            self.known, self.in_doubt = True, False

    def core(self, raw: bytes, handset: str) -> bytes:
        """What the packet core makes of a handset's request."""
        return self._feed.core(raw, handset, self.sessions.get(handset))

    def reload(self) -> None:
        """Reload, and wait until no worker of the old config takes a request any more."""
        self._assert_no_worker_lost()  # afterwards they are others anyway
        before = self._worker_ids()
        command = self.candidate.spec.reload
        done = self._cage.run(command, RELOADING)
        if done.exit != 0:
            self.assert_running()
            raise NotJudged(
                f"does not reload: {_first_error(done.output) or done.exit}", done.output
            )
        deadline = Deadline(RELOADING)
        while not self._worker_ids() or self._worker_ids() & before:
            self._program.wait(LOOK_FOR_PROCESSES_EVERY)
            if not deadline.left:
                raise NotJudged("does not finish its reload", self.log.last_lines())
        self._workers = self._worker_ids()

    def lose_worker(self) -> None:
        """Kill one worker, as a crash would, and wait until the master has made another."""
        workers = [one for one in self.processes() if one.is_worker]
        if not workers:
            return  # a gateway of a single process has nothing that could be lost
        before = self._worker_ids()
        self.tell(workers[0], signal.SIGKILL)
        deadline = Deadline(RELOADING)
        while len(self._worker_ids()) < len(before) or self._worker_ids() == before:
            self._program.wait(LOOK_FOR_PROCESSES_EVERY)
            if not deadline.left:
                raise NotJudged("does not replace a lost worker", self.log.last_lines())
        self._workers = self._worker_ids()

    # Evidence, seen from outside the cage

    def _in_cage(self, name: str, **args: Any) -> Any:
        """Call the cabler about the cage; NotJudged when that is there no more: the kernel may have
        ended it for want of memory, or somebody has."""
        try:
            return self._cabler.call(name, pid=self.pid, **args)
        except LabError as error:
            if self._cabler.call("is_there", pid=self.pid):
                raise
            raise NotJudged("the gateway's container has gone", self.log.last_lines()) from error

    def processes(self) -> list[Process]:
        """The gateway's processes, without those that hold the cage open."""
        found = self._in_cage("processes")
        return [
            Process(
                one["pid"],
                one["title"],
                tuple(one["uids"]),
                one["capabilities"],
                one["no_new_privileges"],
                one["started"],
            )
            for one in found
            if self.pid not in (one["pid"], one["parent"]) and one["state"] != "Z"
        ]

    def sockets(self) -> list[tuple[str, int]]:
        """Listening TCP sockets, as (address, port)."""
        return [(address, port) for address, port in self._in_cage("sockets")]

    def unasked(self) -> int:
        """How many packets it has sent to handsets that were no answers."""
        return int(self._in_cage("counted", rule=UNASKED))

    def look(self, command: str) -> tuple[int, bytes, bytes]:
        """Run a shell command of the image inside the cage, as an onlooker."""
        done = self._in_cage("look", argv=["sh", "-c", command])
        return done["exit"], done["stdout"], done["stderr"]

    def written(self) -> dict[str, bytes]:
        """Every file that the gateway could have written, by path; NotJudged if it is too much."""
        paths = [str(self.candidate.spec.install), *WRITABLE, SHARED]
        found = self._in_cage("read", paths=paths, limit=EVIDENCE_SIZE)
        if found["left"]:
            raise NotJudged(f"wrote more than can be searched: {', '.join(found['left'][:3])}")
        return {path: data for path, _, data in found["files"]}

    def assert_sound(self) -> None:
        """NotJudged when the gateway crashed, was killed or filled its disk on the way."""
        self._assert_no_worker_lost()
        if self.log.overflowed:
            raise NotJudged("wrote more to its standard streams than can be searched")
        self.assert_room()

    def assert_room(self) -> None:
        """NotJudged when the gateway has filled its disk: what it writes no more, nobody reads."""
        paths = [str(self.candidate.spec.install), *WRITABLE, SHARED]
        for disk in self._in_cage("space", paths=paths):
            if disk["free"] < 4096:
                size = disk["size"] >> 20
                raise NotJudged(
                    f"filled its disk: {disk['path']} ({size} MiB)", self.log.last_lines()
                )

    def assert_running(self) -> None:
        """NotJudged when nothing of the gateway is left."""
        if not self.processes():
            status = self._program.wait(0)
            raise NotJudged(f"ended on its own with exit status {status}", self.log.last_lines())

    def _assert_no_worker_lost(self) -> None:
        if self._workers - self._worker_ids():
            self.assert_running()
            raise NotJudged("a worker process ended on its own", self.log.last_lines())

    def _worker_ids(self) -> frozenset[tuple[int, int]]:
        return frozenset((one.pid, one.started) for one in self.processes() if one.is_worker)

    @property
    def provided_files(self) -> Mapping[str, bytes]:
        """What the feed of sessions lays below `install`: it holds numbers by its nature."""
        return self._feed.files(self.sessions)


def _archive(
    files: Mapping[str, bytes | None],
    executable: Collection[str] = (),
    links: Mapping[str, str] | None = None,
) -> bytes:
    """A tar archive of files by path (None for a folder) and of links by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.mode = 0o755 if content is None or path in executable else 0o644
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
        for path, target in (links or {}).items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return buffer.getvalue()


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _first_error(words: str) -> str | None:
    """nginx's own line for what is wrong, with file and line as it gives them."""
    found = _COMPLAINT.search(words)
    return found[1] if found else None
