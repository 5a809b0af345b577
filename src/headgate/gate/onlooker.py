"""testinfra on a gateway, as an onlooker: its commands run beside the gateway, not through it.

testinfra's own `docker://` starts a process of the engine for each command, at 100 ms; this asks
the lab's cabler, which is there already, at 3 ms, and works with every engine.
"""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from headgate.lab.gateway import Gateway


class _Backend(BaseBackend):
    NAME = "headgate"

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway.candidate.name)
        self._gateway = gateway

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        command = self.get_command(command, *args)
        status, output, errors = self._gateway.look(command)
        return self.result(status, self.encode(command), output, errors)


def onlooker(gateway: Gateway) -> Host:
    """A testinfra host for what runs in the gateway's cage."""
    return Host(_Backend(gateway))
