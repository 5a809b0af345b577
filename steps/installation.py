"""The gateway as it stands in its cage, seen by testinfra from outside."""

from __future__ import annotations

import pytest
from pytest_bdd import then, when
from testinfra.host import Host

from headgate.gate.gate import Gate
from headgate.gate.onlooker import onlooker


@pytest.fixture
@when("the gateway's installation is looked at", target_fixture="host")
def host(gate: Gate) -> Host:
    return onlooker(gate.gateway)


@then("its files have the candidate's digest")
def digest(host: Host, gate: Gate) -> None:
    assert gate.installed_digest(host) == gate.candidate.digest


@then("it listens on the declared ports")
def listens(host: Host, gate: Gate) -> None:
    closed = [port for port in gate.gateway.declared_ports.values() if not _listening(host, port)]
    assert closed == []


@then("no process that serves requests runs as root or can become it")
def workers(host: Host) -> None:
    serving = host.process.filter(comm="nginx", fname="nginx")
    assert [one.args for one in serving if "worker" in one.args and one.euser == "root"] == []


@then("its system is read-only")
def read_only(host: Host) -> None:
    assert "ro" in host.mount_point("/").options


@then("it is connected to the handsets and to the simulated internet alone")
def connected(host: Host) -> None:
    links = host.check_output("ls /sys/class/net").split()
    assert sorted(links) == ["access", "internet", "lo"]


def _listening(host: Host, port: int) -> bool:
    return any(line.endswith(f":{port}") for line in host.socket.get_listening_sockets())
