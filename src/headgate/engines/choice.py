"""Which engine runs the lab: the one that is asked for, or the one that this machine has."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from headgate.engines.engine import Engine
from headgate.errors import HeadgateError, LabError

DOCKER, SANDBOX, AUTO = "docker", "sandbox", "auto"
ENGINES = (DOCKER, SANDBOX, AUTO)
VARIABLE = "HEADGATE_ENGINE"

SOCKET = Path("/var/run/docker.sock")
# An engine answers a ping within milliseconds; one that is starting or stuck does not.
_PATIENCE = 2.0

Progress = Callable[[str], None]
Start = Callable[[Progress], Engine]


def add_option(command: argparse.ArgumentParser) -> None:
    """Let a command be told which one."""
    command.add_argument(
        "--engine", choices=ENGINES, metavar="ENGINE",
        help=f"what runs the lab: {', '.join(ENGINES)} (the default, where {VARIABLE} says nothing:"
        " docker where an engine answers, else sandbox)",
    )  # fmt: skip


def default() -> str:
    """What the environment asks for. HeadgateError when there is no such engine."""
    name = os.environ.get(VARIABLE) or AUTO
    if name not in ENGINES:
        raise HeadgateError(f"{VARIABLE}={name}: expected one of {', '.join(ENGINES)}")
    return name


def engine_named(name: str | None) -> Start:
    """What starts an engine of this name, or of the environment's; `auto` looks for it then."""
    return _STARTS[name or default()]


def _docker(progress: Progress) -> Engine:
    from headgate.engines.docker_engine import DockerEngine

    return DockerEngine(progress)


def _sandbox(progress: Progress) -> Engine:
    from headgate.engines.sandbox_engine import SandboxEngine

    return SandboxEngine(progress)


def _either(progress: Progress) -> Engine:
    if docker_answers():
        return _docker(progress)
    progress("no Docker engine answers: the lab is put up in a sandbox")
    return _sandbox(progress)


_STARTS: dict[str, Start] = {DOCKER: _docker, SANDBOX: _sandbox, AUTO: _either}


def docker_answers() -> bool:
    """Whether a Docker engine answers where the environment names it. The SDK takes 0.3 s to load,
    so it is asked only where the ordinary socket is not it."""
    if _is_elsewhere():
        return _sdk_answers()
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as ordinary:
        ordinary.settimeout(_PATIENCE)
        ordinary.connect(str(SOCKET))
        ordinary.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
        return b" 200 " in ordinary.recv(64)
    return False


def _is_elsewhere() -> bool:
    if os.environ.get("DOCKER_HOST") or os.environ.get("DOCKER_CONTEXT"):
        return True
    folder = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    with contextlib.suppress(OSError):
        return "currentContext" in Path(folder, "config.json").read_text()
    return False


def _sdk_answers() -> bool:
    from headgate.engines.docker_engine import connect, translated

    try:
        with contextlib.closing(connect()) as client, translated():
            return bool(client.ping())
    except LabError:
        return False
