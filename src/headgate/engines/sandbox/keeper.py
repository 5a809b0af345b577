"""The first process of a session: it starts nodes and cages, and nothing of them outlives it.

Requests come over the control socket, one a packet, with the descriptors that a process's standard
streams are to be. What the agents import is imported here, once, before the first is forked.
"""

from __future__ import annotations

import asyncio  # noqa: F401  for the agents
import contextlib
import json
import os
import resource
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import msgpack  # noqa: F401
import uvloop  # noqa: F401

from headgate.engines.sandbox import cage, kernel, warden

NAMESPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
)
# The cabler is at home in the session itself, as Docker's is at home with the host.
_AT_HOME = kernel.CLONE_NEWNS
_LONGEST, _MANY = 1 << 16, 8
_NOT_FOUND = 126  # as Docker ends an `exec` of what is not there

# The first process of a cage. It holds the cage open until standard input closes, and reaps
# children that the gateway leaves behind, which would count as alive otherwise.
_HOLDER = ["sh", "-c", "exec 3<&0; cat <&3 >/dev/null & wait"]

Body = Callable[[], object]


def main() -> NoReturn:
    kernel.die_with_parent()  # the start of this program may have made it forgotten
    kernel.be_called("keeper")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # as Docker's containers have it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what ends here
    control = socket.socket(fileno=0)
    keeper = Keeper()
    control.send(b'{"value": "ready"}')
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, _LONGEST, _MANY)
        for one in descriptors:  # no program inherits them but as its standard streams
            os.set_inheritable(one, False)
        if not data:
            os._exit(0)
        control.send(json.dumps(keeper.answer(json.loads(data), descriptors)).encode())
        for one in descriptors:
            os.close(one)


class Keeper:
    """Knows the cages of the session, by the process that holds each."""

    def __init__(self) -> None:
        self._plans: dict[int, tuple[cage.Plan, int]] = {}

    def answer(self, request: dict[str, Any], streams: Sequence[int]) -> dict[str, Any]:
        calls: dict[str, Callable[..., object]] = {
            "node": self._node,
            "cage": self._cage,
            "run": self._run,
            "end": self._end,
        }
        try:
            return {"value": calls[request.pop("call")](streams, **request)}
        except OSError as error:
            return {"error": str(error)}

    def _node(self, streams: Sequence[int], role: str, capabilities: Sequence[str]) -> int:
        def live() -> None:
            for path, size in (("/tmp", "64m"), ("/run", "160m")):
                kernel.mount("tmpfs", path, "tmpfs", _TEMPORARY, f"size={size},mode=755")
            socket.sethostname(role)
            kernel.be_called(role)
            kernel.keep_capabilities(capabilities)
            _take(streams)
            os.closerange(3, 1024)
            sys.argv = [role]
            runpy.run_module(f"headgate.agents.{role}", run_name="__main__", alter_sys=True)

        return _spawn(live, _AT_HOME if role == "cabler" else NAMESPACES)

    def _cage(self, streams: Sequence[int], **settings: Any) -> int:
        plan = cage.Plan(**settings)

        def hold() -> None:
            cage.furnish(plan)
            socket.sethostname("gateway")
            cage.confine(plan)
            _take(streams)
            _execute(_HOLDER, plan.environment)

        pid = _spawn(hold, NAMESPACES)
        self._plans[pid] = plan, os.pidfd_open(pid)
        _fork(lambda: _watch(pid, plan))
        return pid

    def _run(
        self, streams: Sequence[int], pid: int, argv: list[str], environment: dict[str, str]
    ) -> None:
        plan, holder = self._plans[pid]
        plan = replace(plan, environment={**plan.environment, **environment})
        *standard, status = streams

        def run() -> None:
            # Until it executes the program, the child has descriptors of ours, and whoever is in
            # the cage already could look into it.
            kernel.be_private()
            kernel.setns(holder, NAMESPACES)
            program = _fork(lambda: _become(plan, standard, argv))
            for one in standard:
                os.close(one)
            code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
            os.write(status, str(code if code >= 0 else 128 - code).encode())

        _fork(run)

    def _end(self, streams: Sequence[int], pid: int) -> None:
        _, holder = self._plans.pop(pid)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(holder, signal.SIGKILL)
        os.close(holder)


def _watch(pid: int, plan: cage.Plan) -> None:
    kernel.be_called("warden")
    warden.watch(pid, plan.writable, plan.memory, plan.processes)


_TEMPORARY = kernel.MS_NOSUID | kernel.MS_NODEV


def _become(plan: cage.Plan, streams: Sequence[int], argv: Sequence[str]) -> None:
    os.chdir("/")
    os.setsid()
    cage.confine(plan)
    _take(streams)
    _execute(argv, plan.environment)


def _execute(argv: Sequence[str], environment: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(argv[0], list(argv), environment)
    except FileNotFoundError:
        os.write(2, f'exec: "{argv[0]}": executable file not found in $PATH\n'.encode())
    except OSError as error:
        os.write(2, f'exec: "{argv[0]}": {error.strerror}\n'.encode())
    os._exit(_NOT_FOUND)


def _take(streams: Sequence[int]) -> None:
    """Make these the standard streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)


def _fork(body: Body) -> int:
    """A child that runs this and ends."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            body()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def _spawn(body: Body, flags: int) -> int:
    """The first process of new namespaces, or one more of the session's own; its id here.

    OSError when it fails before it is under way, which is when it executes a program or closes what
    it has inherited.
    """
    (ids, id_end), (failures, failure_end) = os.pipe(), os.pipe()

    def divide() -> None:
        kernel.unshare(flags)
        os.write(id_end, str(_fork(lambda: _tell(failure_end, body))).encode())

    _fork(lambda: _tell(failure_end, divide))
    os.close(id_end)
    os.close(failure_end)
    with open(failures) as words, open(ids) as told:
        if failure := words.read():
            raise OSError(failure)
        return int(told.read())


def _tell(failures: int, body: Body) -> None:
    try:
        body()
    except OSError as error:
        os.write(failures, str(error).encode())
        raise
