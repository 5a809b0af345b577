"""What this machine lacks for a check, and how to mend it.

Each examination is one function that looks at one thing and gives one `Check`. Nothing is mended
here, and nothing stays behind.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from headgate import images
from headgate.engines.docker_engine import SESSION_LABEL, connect, translated
from headgate.errors import HeadgateError

if TYPE_CHECKING:
    import docker

State = Literal["ok", "warn", "fail"]

PYTHON = (3, 11)
GIB = 1 << 30
DISK_NEEDED, DISK_WANTED = 1 * GIB, 3 * GIB  # the base and both images take 0.6 GiB
MEMORY_NEEDED, MEMORY_WANTED = GIB // 2, 1 * GIB

SOCKET = Path("/var/run/docker.sock")

# What the node that plugs the cables does: it enters another process's network, which takes
# SYS_PTRACE to look at it and SYS_ADMIN to go there, and makes a cable, which takes NET_ADMIN. The
# other process is the container's parent, outside of it: there may be no other container now.
CABLING = (
    "nsenter --net=/proc/$PPID/ns/net true && ip link add headgate0 type veth peer name headgate1"
)
CAPABILITIES = ("NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and the command that mends it ("" if none)."""

    name: str
    state: State
    detail: str
    mend: str = ""


def examine() -> list[Check]:
    """Look at everything a check needs, in the order in which it needs it."""
    from headgate import doctor_sandbox

    return [
        python(platform.python_version()),
        *either(_docker(), list(doctor_sandbox.examine())),
        memory(Path("/proc/meminfo").read_text()),
    ]


def _docker() -> list[Check]:
    checks = []
    try:
        with contextlib.closing(connect()) as client, translated():
            checks.append(engine(client))
            checks.extend(_of_engine(client))
    except HeadgateError as error:
        checks.append(no_engine(error, SOCKET))
    return checks


def either(docker: Sequence[Check], sandbox: Sequence[Check]) -> Iterator[Check]:
    """Both engines' checks by name. What fails of one is a warning where the other is well."""
    for name, checks, others in (("docker", docker, sandbox), ("sandbox", sandbox, docker)):
        needless = all(one.state != "fail" for one in others)
        for one in checks:
            state: State = "warn" if needless and one.state == "fail" else one.state
            yield replace(one, name=f"{name} {one.name}", state=state)


def _of_engine(client: docker.DockerClient) -> Iterator[Check]:
    for look in (built, base, cabling, disk, leftovers):
        try:
            with translated():
                yield look(client)
        except HeadgateError as error:
            yield Check(look.__name__, "fail", str(error))


def python(version: str) -> Check:
    """The interpreter that runs this, as `3.11.2`."""
    if tuple(map(int, version.split(".")[:2])) >= PYTHON:
        return Check("python", "ok", version)
    return Check("python", "fail", f"{version} is older than 3.11", "apt-get install python3.11")


def engine(client: docker.DockerClient) -> Check:
    """The engine that answered: where it is and what it is."""
    version = client.version()
    where = os.environ.get("DOCKER_HOST") or str(SOCKET)
    return Check("engine", "ok", f"{version['Version']}, API {version['ApiVersion']}, at {where}")


def no_engine(error: HeadgateError, socket: Path) -> Check:
    """Why no engine answers, and what would make it."""
    if os.environ.get("DOCKER_HOST"):
        mend = "unset DOCKER_HOST, or start the engine that it names"
    elif socket.exists() and not os.access(socket, os.R_OK | os.W_OK):
        mend = "sudo usermod -aG docker $USER && newgrp docker"
    elif shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        mend = "sudo systemctl start docker, or where there is no systemd: sudo dockerd"
    else:
        mend = "sudo apt-get install docker.io iptables"
    return Check("engine", "fail", str(error.__cause__ or error), mend)


def built(client: docker.DockerClient) -> Check:
    """The lab's two images."""
    if stale := images.stale(client):
        detail = f"missing or older than their build folder: {', '.join(stale)}"
        return Check("images", "warn", detail, f"{sys.executable} -m headgate.images")
    return Check("images", "ok", f"{images.GATEWAY} and {images.LAB} are built")


def base(client: docker.DockerClient) -> Check:
    """What the images can be built on, if they have to be."""
    here = [name for name in images.BASES if images.present(client, name)]
    if here:
        return Check("base", "ok", here[0])
    if shutil.which("mmdebstrap"):
        return Check("base", "ok", "mmdebstrap makes it, unless it can be pulled")
    if not images.stale(client):
        return Check("base", "ok", "not here, and not needed: the images are built")
    return Check(
        "base",
        "warn",
        f"{images.REGISTRY_BASE} has to be pulled; where that cannot be, mmdebstrap is needed",
        f"docker pull {images.REGISTRY_BASE}, or: sudo apt-get install mmdebstrap",
    )


def cabling(client: docker.DockerClient) -> Check:
    """Whether a container may plug cables between the others; tried for real."""
    import docker.errors

    if not images.present(client, images.LAB):
        return Check("cabling", "warn", "not tried: the lab's image is not built yet")
    try:
        client.containers.run(
            images.LAB,
            ["sh", "-c", CABLING],
            cap_add=[*CAPABILITIES],
            pid_mode="host",
            network_mode="none",
            security_opt=["apparmor=unconfined"],
            labels={SESSION_LABEL: "doctor"},
            remove=True,
        )
    except docker.errors.ContainerError as error:
        said = cast("bytes | None", error.stderr) or b""  # the SDK's types say text
        return _uncabled(said.decode(errors="replace").strip() or f"status {error.exit_status}")
    except docker.errors.APIError as error:
        return _uncabled(error.explanation or str(error))
    return Check("cabling", "ok", f"a container may use {', '.join(CAPABILITIES)} and pid=host")


def _uncabled(said: str) -> Check:
    detail = f"a container may not use {', '.join(CAPABILITIES)} and pid=host: {said}"
    return Check(
        "cabling", "fail", detail, "use an engine that runs as root, without user namespaces"
    )


def disk(client: docker.DockerClient) -> Check:
    """The room where the engine keeps its images, if that is on this machine."""
    path = Path(client.info()["DockerRootDir"])
    while not path.exists():  # a remote engine's, or one that only root may see
        path = path.parent
    return room("disk", shutil.disk_usage(path).free, DISK_NEEDED, DISK_WANTED, f" at {path}")


def memory(meminfo: str) -> Check:
    """The memory that a new process may have, from the text of /proc/meminfo (proc(5))."""
    fields = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    available = int(fields["MemAvailable"].split()[0]) * 1024
    return room("memory", available, MEMORY_NEEDED, MEMORY_WANTED, "")


def room(name: str, free: int, needed: int, wanted: int, where: str) -> Check:
    """Hold `free` bytes against what is needed and what is wanted for comfort."""
    detail = f"{free / GIB:.1f} GiB free{where}"
    if free >= wanted:
        return Check(name, "ok", detail)
    state: State = "warn" if free >= needed else "fail"
    mend = "docker system prune" if name == "disk" else "end what takes the memory"
    return Check(name, state, f"{detail}; {wanted / GIB:.1f} GiB is comfortable", mend)


def leftovers(client: docker.DockerClient) -> Check:
    """Containers of a lab: of a check that runs now, or of one that did not end as it should."""
    found = client.containers.list(all=True, filters={"label": SESSION_LABEL})
    if not found:
        return Check("leftovers", "ok", "no container of an earlier check is left")
    return Check(
        "leftovers",
        "warn",
        f"{len(found)} containers of a lab; if no check runs now, they are left over",
        f"docker rm -f $(docker ps -aq --filter label={SESSION_LABEL})",
    )
