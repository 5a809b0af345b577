"""The reference engine: every node a Docker container without a network.

Clean-up does not depend on the harness ending well. Each container ends by itself when the
harness's end of its standard input closes, and a process of its own (`reaper`) removes whatever
carries this session's label once the harness is gone.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from headgate.engines.engine import (
    CAGE_CAPABILITIES,
    NODE_CAPABILITIES,
    Cage,
    Deadline,
    Limits,
    Output,
)
from headgate.errors import LabError
from headgate.images import GATEWAY, LAB, ensure_images

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

SESSION_LABEL = "headgate.session"

# The first process of a cage. It holds the cage open until standard input closes, and reaps
# children that the gateway leaves behind, which would count as alive otherwise.
_HOLDER = "exec 3<&0; cat <&3 >/dev/null & wait"

# Reads the agents, a zip archive, from standard input, and becomes one of them.
_BOOTSTRAP = """
import runpy, sys
stdin = open(0, "rb", 0, closefd=False)
def read(n):
    data = b""
    while len(data) < n:
        data += stdin.read(n - len(data)) or sys.exit()
    return data
open("/tmp/agents.zip", "wb").write(read(int.from_bytes(read(4), "big")))
sys.path.insert(0, "/tmp/agents.zip")
runpy.run_module("headgate.agents." + sys.argv[1], run_name="__main__")
"""

# Seconds that the removal of one container is waited for.
REMOVING = 15

_ROLES: Mapping[str, Mapping[str, Any]] = {
    "cabler": {"pid_mode": "host", "security_opt": ["apparmor=unconfined"]},
}


class DockerEngine:
    """Starts the nodes of one session on the Docker engine that the environment names."""

    def __init__(self, progress: Callable[[str], None] = lambda line: None) -> None:
        self._progress = progress
        self._session = uuid.uuid4().hex
        self._stack = contextlib.ExitStack()
        self._image_files: dict[tuple[str, str], bytes] = {}
        # An engine takes 0.1 to 0.3 s to remove a container, and removes several at a time.
        self._removing = ThreadPoolExecutor(4, "removing containers")

    def __enter__(self) -> Self:
        self._client = connect()
        self._stack.callback(self._client.close)
        with translated():
            ensure_images(self._client, self._progress)
        self._stack.enter_context(_reaper(self._session))
        self._stack.enter_context(self._removing)
        self._agents = _agents_archive()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def facts(self) -> Mapping[str, str]:
        version = self._client.version()
        return {
            "engine": f"docker {version['Version']} (API {version['ApiVersion']})",
            "kernel": version["KernelVersion"],
            **{image: self._image_digest(image) for image in (GATEWAY, LAB)},
        }

    def _image_digest(self, image: str) -> str:
        return str(self._client.images.get(image).id)

    def agent(self, role: str) -> Attached:
        container = self._create(
            LAB,
            role,
            ["python3", "-Ic", _BOOTSTRAP, role],
            tmpfs={"/tmp": "size=64m", "/run": "size=160m"},  # what is recorded is in /run
            cap_add=list(NODE_CAPABILITIES[role]),
            **_ROLES.get(role, {}),
        )
        attached = self._start(container)
        attached.write(len(self._agents).to_bytes(4, "big") + self._agents)
        return attached

    def cage(self, image: str, writable: Mapping[str, str], limits: Limits) -> DockerCage:
        container = self._create(
            image,
            "gateway",
            ["sh", "-c", _HOLDER],
            user="0:0",
            cap_add=list(CAGE_CAPABILITIES),
            security_opt=["no-new-privileges"],
            tmpfs={
                path: f"size={limits.writable_size},mode={mode}" for path, mode in writable.items()
            },
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            pids_limit=limits.processes,
            ulimits=[
                _ulimit("fsize", limits.file_size),
                _ulimit("core", 0),
            ],
            sysctls={"net.ipv4.ip_forward": "1"},
            dns=["198.18.0.2"],
        )
        return DockerCage(self._client, container, self._start(container), self._image_files)

    def _create(self, image: str, role: str, command: Sequence[str], **options: Any) -> Container:
        from docker.types import LogConfig

        with translated():
            container = self._client.containers.create(
                image,
                entrypoint=[command[0]],
                command=list(command[1:]),
                name=f"headgate-{self._session[:8]}-{role}-{uuid.uuid4().hex[:6]}",
                labels={"headgate": role, SESSION_LABEL: self._session},
                hostname=role,
                network_mode="none",
                cap_drop=["ALL"],
                read_only=True,
                stdin_open=True,
                auto_remove=True,
                log_config=LogConfig(type="none"),
                **options,
            )
        self._stack.callback(self._removing.submit, remove, container)
        return container

    def _start(self, container: Container) -> Attached:
        """Start a container with its standard streams in hand: they are its lifeline."""
        with translated():
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            stream = Stream(self._client.api.attach_socket(str(container.id), params=streams))
            self._stack.callback(stream.close)
            container.start()
            container.reload()
        pid = int(container.attrs["State"]["Pid"])
        return Attached(stream, pid, lambda: self._removing.submit(remove, container))


class Stream:
    """Docker's multiplexed stream (Engine API, "Attach to a container", stream format)."""

    def __init__(self, response: Any) -> None:
        # The SDK hands out a wrapper that cannot write (docker-py issue 2255).
        self._response = response
        self._socket = cast(socket.socket, getattr(response, "_sock", response))
        # The SDK's patience is for answers; whoever runs in a container may be silent for long.
        self._socket.settimeout(None)
        # Whoever does not read what it is sent is stuck.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 20, 0))
        # What came close behind the response's head is in the HTTP client's buffer by now.
        self._buffered = cast(io.BufferedReader, response._response.raw._fp.fp)

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read(self) -> tuple[bool, bytes] | None:
        header = self._exactly(8)
        if header is None:
            return None
        kind, length = struct.unpack(">BxxxI", header)
        data = self._exactly(length)
        return None if data is None else (kind != 2, data)

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            try:
                chunk = self._buffered.read1(min(count - len(data), 1 << 20))
            except (OSError, ValueError):  # it was closed from this end
                return None
            if not chunk:
                return None
            data += chunk
        return bytes(data)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._response.close()
        self._socket.close()


class Attached:
    """A container whose life hangs on its standard input."""

    def __init__(self, stream: Stream, pid: int, remove_soon: Callable[[], object]) -> None:
        self._stream = stream
        self._remove_soon = remove_soon
        self.pid = pid
        self.write = stream.write
        self.read = stream.read

    def close(self) -> None:
        """Ends it at once; the engine tidies up behind it."""
        self._stream.close()
        self._remove_soon()


class DockerCage(Cage):
    """A gateway's container. Its commands run by `exec`, under the container's limits."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: Container,
        attached: Attached,
        image_files: dict[tuple[str, str], bytes],
    ) -> None:
        self._client = client
        self._container = container
        self._attached = attached
        self._image_files = image_files
        self.pid = attached.pid

    def image_files(self, path: str) -> bytes:
        key = (str(self._container.attrs["Image"]), path)
        if key not in self._image_files:
            with translated():
                chunks, _ = self._container.get_archive(path)
                self._image_files[key] = b"".join(chunks)
        return self._image_files[key]

    def start(
        self, argv: Sequence[str], output: Output, environment: Mapping[str, str] | None = None
    ) -> DockerProgram:
        with translated():
            api = self._client.api
            exec_id = api.exec_create(
                self._container.id, list(argv), user="0:0", environment=dict(environment or {})
            )["Id"]
            stream = Stream(api.exec_start(exec_id, socket=True))
        return DockerProgram(lambda: api.exec_inspect(exec_id)["ExitCode"], stream, output)

    def close(self) -> None:
        self._attached.close()


class DockerProgram:
    """A command in a container: its output goes to `output` as it comes, from a thread."""

    def __init__(self, status: Callable[[], int | None], stream: Stream, output: Output) -> None:
        self._status = status
        self._stream = stream
        self._output = output
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        while (part := self._stream.read()) is not None:
            self._output(*part)
        self._stream.close()

    def wait(self, timeout: float) -> int | None:
        deadline = Deadline(timeout)
        self._thread.join(timeout)
        if self._thread.is_alive():
            return None
        while (status := self._status()) is None and deadline.left:
            # The streams close just before the engine has noted the exit status.
            self._thread.join(0.005)
        return status


def connect() -> docker.DockerClient:
    """A client for the engine that the environment names; LabError when it does not answer."""
    import docker

    with translated():
        return docker.from_env(timeout=60)


@contextlib.contextmanager
def exported(
    image: str, progress: Callable[[str], None]
) -> Iterator[tuple[str, Sequence[str], Iterator[bytes]]]:
    """An image's id, its environment as `NAME=value`, and its files as a tar archive, in pieces.

    One of the lab's own is built first if it has to be. It takes a container that never starts.
    """
    session = uuid.uuid4().hex
    with contextlib.closing(connect()) as client, translated(), contextlib.ExitStack() as stack:
        if image in (GATEWAY, LAB):
            ensure_images(client, progress)
        found = client.images.get(image)
        stack.enter_context(_reaper(session))
        container = client.containers.create(image, labels={SESSION_LABEL: session})
        try:
            environment = found.attrs["Config"]["Env"] or []
            pieces = cast("Iterator[bytes]", container.export(chunk_size=1 << 20))
            yield str(found.id), environment, pieces
        finally:
            remove(container)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Errors of the Docker SDK in the words of the lab, at this one place."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.ImageNotFound as error:
        words = str(error.explanation)  # in front of these there may be the same once more
        words = words[max(0, words.find("No such image")) :]
        raise LabError(f"the engine has no such image: {words}") from error
    except docker.errors.APIError as error:
        raise LabError(f"the Docker engine refused: {error.explanation or error}") from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise LabError(
            "no Docker engine answers; `headgate doctor` says how to mend it "
            f"({type(error).__name__}: {str(error)[:160]})"
        ) from error


def remove(container: Container) -> None:
    """Remove a container, and wait until it is gone; it may be on its way out already."""
    import docker.errors
    import requests

    with contextlib.suppress(docker.errors.NotFound):
        try:
            container.remove(force=True, v=True)
        except docker.errors.APIError:
            # An engine that never gets done with it does not keep us.
            with contextlib.suppress(requests.RequestException):
                container.wait(condition="removed", timeout=REMOVING)


def _ulimit(name: str, value: int) -> Any:
    from docker.types import Ulimit

    return Ulimit(name=name, soft=value, hard=value)


def _agents_archive() -> bytes:
    """The agents' sources, in the shape in which Python imports them from a zip archive."""
    package = resources.files("headgate")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("headgate/__init__.py", "")
        out.writestr("headgate/internet.py", package.joinpath("internet.py").read_bytes())
        for source in package.joinpath("agents").iterdir():
            if source.name.endswith(".py"):
                out.writestr(f"headgate/agents/{source.name}", source.read_bytes())
    return archive.getvalue()


@contextlib.contextmanager
def _reaper(session: str) -> Iterator[None]:
    """Start the process that outlives the harness; it is told when all has ended well, and not
    when the clean-up was itself cut short."""
    argv = [sys.executable, "-m", "headgate.engines.reaper", session]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin
    try:
        yield
    except BaseException:
        process.stdin.close()
        raise
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"done\n")
        process.stdin.close()
    process.wait()
