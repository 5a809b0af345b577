"""The network that a gateway is put into: every address answers, and nothing else is there."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.message
import dns.rcode
import dns.rdatatype
import docker
import pytest
from docker.models.containers import Container
from tests.system.conftest import BOTH
from tests.system.runs import CANDIDATES, DEFAULTS

from headgate.candidate import load_candidate
from headgate.engines.choice import DOCKER, engine_named
from headgate.engines.engine import CAGE_CAPABILITIES, Limits
from headgate.http import Message
from headgate.lab.gateway import Gateway
from headgate.lab.lab import Exchanged, Lab
from headgate.lab.topology import GATEWAY_ACCESS, POOL_SIZE, handset_address
from headgate.numbers import Subscriber
from headgate.request import EXPLICIT, Connection, Receipt, Request

PROXY = 8080
HANDSET = handset_address(4711)
ADA = {HANDSET: Subscriber("447700900123", "001010000000123")}

# linux/capability.h
_CAPABILITIES = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10}


@dataclass(frozen=True)
class Place:
    """A lab with a gateway that takes handsets wherever they ask to go."""

    lab: Lab
    gateway: Gateway

    def send(self, *connections: Connection) -> tuple[list[Exchanged], list[Receipt]]:
        exchanged = self.lab.exchanging(self.gateway, connections)()
        return exchanged, self.lab.receipts()

    def look(self, command: str) -> str:
        """What a command prints that an onlooker runs in the gateway's node."""
        status, output, errors = self.gateway.look(command)
        assert status == 0, errors.decode()
        return output.decode("latin-1")


@contextlib.contextmanager
def place(engine: str, seed: str, candidate: str = "goes-anywhere") -> Iterator[Place]:
    loaded = load_candidate(CANDIDATES / candidate, DEFAULTS)
    with (
        engine_named(engine)(lambda line: None) as running,
        Lab(running, seed) as lab,
        lab.gateway(loaded, ADA) as gateway,
    ):
        yield Place(lab, gateway)


@pytest.fixture(scope="module", params=BOTH)
def places(request: pytest.FixtureRequest) -> Iterator[Sequence[Place]]:
    """Two labs at the same time, with the same addresses."""
    with place(request.param, "one") as one, place(request.param, "other") as other:
        yield one, other


@pytest.fixture(scope="module")
def here(places: Sequence[Place]) -> Place:
    return places[0]


@pytest.fixture
def container() -> Iterator[Container]:
    """The gateway's container, as the Docker engine sees it."""
    with (
        place(DOCKER, "contained") as here,
        contextlib.closing(docker.from_env(timeout=60)) as client,
    ):
        running = client.containers.list(filters={"label": "headgate=gateway"})
        (found,) = (one for one in running if one.attrs["State"]["Pid"] == here.gateway.pid)
        yield found


def visit(host: str, *, path: str = "/", handset: str = HANDSET, port: int = 80) -> Connection:
    """A request to a site over the proxy: the gateway's own idea of where that is."""
    at = host if port == 80 else f"{host}:{port}"
    return Connection((_request(at, path, handset),), GATEWAY_ACCESS, PROXY)


def direct(address: str, port: int, *, host: str = "", path: str = "/") -> Connection:
    """A request on a connection to an address, as a handset without a proxy makes it."""
    return Connection((_request(host or address, path, HANDSET),), address, port)


def _request(host: str, path: str, handset: str) -> Request:
    raw = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    return Request(path.strip("/"), "lab", handset, EXPLICIT, host, raw)


def arrived(receipts: Sequence[Receipt]) -> list[tuple[str, str, int]]:
    """Where requests and datagrams came in; look-ups of names and greetings of TLS aside."""
    told = [one for one in receipts if one.kind not in ("dns", "hello")]
    return [(one.kind, one.address, one.port) for one in told]


# Labs side by side


def test_each_lab_sees_its_own_requests_alone(places: Sequence[Place]) -> None:
    def visit_all(number: int) -> tuple[list[Exchanged], list[Receipt]]:
        paths = [f"/lab{number}visit{visit}" for visit in range(100)]
        return places[number].send(*(visit("premium.example", path=path) for path in paths))

    with ThreadPoolExecutor(2) as beside:
        results = list(beside.map(visit_all, range(2)))
    for number, (exchanged, receipts) in enumerate(results):
        seen = {Message(one.data).target for one in receipts if one.kind == "http"}
        assert seen == {b"/lab%dvisit%d" % (number, visit) for visit in range(100)}
        assert [one.error for one in exchanged] == [None] * 100


def test_the_same_name_has_another_address_in_another_lab(places: Sequence[Place]) -> None:
    one, other = (place.lab.internet.address("shop.example") for place in places)
    assert one != other


# The world


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.17.0.1", "203.0.113.250"])
@pytest.mark.parametrize("port", [80, 81, 6666, 31337, 65535])
def test_every_address_and_port_answers(here: Place, address: str, port: int) -> None:
    (exchanged,), receipts = here.send(visit(address, port=port))
    assert Message(exchanged.responses[0]).status == 200
    assert arrived(receipts) == [("http", address, port)]


def test_a_site_is_told_by_the_address_and_not_by_the_name(here: Place) -> None:
    _, receipts = here.send(direct("151.101.0.81", 8000, host="premium.example"))
    assert [one.site for one in receipts] == ["151.101.0.81"]


@pytest.mark.parametrize("port", [443, 8443])
def test_tls_ends_at_the_site(here: Place, port: int) -> None:
    """The way in at port 80 leads on over TLS."""
    at = "secure.example" if port == 443 else f"secure.example:{port}"
    (exchanged,), receipts = here.send(direct("9.9.9.9", 80, host=at, path="/inside"))
    address = here.lab.internet.address("secure.example")
    assert Message(exchanged.responses[0]).status == 200
    assert arrived(receipts) == [("https", address, port)]
    (inside,) = (one for one in receipts if one.kind == "https")
    assert Message(inside.data).target == b"/inside"


def test_other_ports_pass_the_gateway_untouched(here: Place) -> None:
    _, receipts = here.send(direct("151.101.0.81", 5060, path="/untouched"))
    (receipt,) = receipts
    assert (receipt.address, receipt.port) == ("151.101.0.81", 5060)
    assert b"X-Peer" not in receipt.data


def test_a_datagram_is_kept_with_its_address_and_port(here: Place) -> None:
    here.look("bash -c 'echo -n wer da >/dev/udp/203.0.113.9/514'")
    (receipt,) = _awaited(here, "udp")
    assert (receipt.address, receipt.port, receipt.data) == ("203.0.113.9", 514, b"wer da")


def _awaited(place: Place, kind: str) -> list[Receipt]:
    """Receipts of a kind. Nothing answers a datagram; a look-up behind it on the same cable has
    an answer, and by then the datagram has arrived."""
    resolve(place, "behind.example", "A")
    return [one for one in place.lab.receipts() if one.kind == kind]


# Names


def resolve(place: Place, name: str, kind: str, server: str = "198.18.0.2") -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    escaped = "".join(f"\\x{byte:02x}" for byte in query.to_wire())
    talk = f'exec 3<>/dev/udp/{server}/53; printf "{escaped}" >&3; timeout 5 head -c 1 <&3 >&4'
    # A datagram is read whole or cut short: dd takes one with a single read.
    talk = talk.replace("head -c 1 <&3 >&4", "dd bs=4096 count=1 status=none <&3")
    answer = dns.message.from_wire(place.look(f"bash -c '{talk}'").encode("latin-1"))
    assert query.is_response(answer)
    return answer


@pytest.mark.parametrize("server", ["198.18.0.2", "9.9.9.9"])
@pytest.mark.parametrize("name", ["premium.example", "a.b.c.never-heard-of.test", "UPPER.example."])
def test_every_name_has_an_address_at_every_server(here: Place, name: str, server: str) -> None:
    answer = resolve(here, name, "A", server)
    here.lab.receipts()  # with them the world tells the names that it was asked for
    (record,) = answer.answer[0]
    assert record.to_text() == here.lab.internet.address(name)


@pytest.mark.parametrize("kind", ["AAAA", "MX", "TXT", "HTTPS"])
def test_a_name_has_nothing_but_an_address(here: Place, kind: str) -> None:
    """No such record, and not: no such name. Otherwise nginx would not find it at all."""
    answer = resolve(here, "premium.example", kind)
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


def test_the_gateways_own_tools_resolve_names(here: Place) -> None:
    said = here.look("getent ahostsv4 premium.example")
    here.lab.receipts()
    assert said.split()[0] == here.lab.internet.address("premium.example")


# Handsets


def test_a_request_comes_from_the_address_of_its_handset(here: Place) -> None:
    edges = [0, 1, 254, 255, 256, POOL_SIZE // 2 - 1, POOL_SIZE // 2, POOL_SIZE - 2, POOL_SIZE - 1]
    others = random.Random(POOL_SIZE).sample(range(POOL_SIZE), 200)
    handsets = [handset_address(index) for index in dict.fromkeys([*edges, *others])]
    connections = [visit("premium.example", path=f"/{one}", handset=one) for one in handsets]
    _, receipts = here.send(*connections)
    peers = {_peer(one.data) for one in receipts if one.kind == "http"}
    assert peers == {(one, one) for one in handsets}


def _peer(data: bytes) -> tuple[str, str]:
    """The handset that a request says it is from, and the one that the gateway saw."""
    message = Message(data)
    (peer,) = (one.value for one in message.fields if one.name.lower() == b"x-peer")
    return message.target.decode().strip("/"), peer.decode()


# The cage


def test_the_gateway_is_on_two_cables_and_nothing_else(here: Place) -> None:
    assert here.look("ls /sys/class/net").split() == ["access", "internet", "lo"]
    routes = [line.split()[:3] for line in here.look("ip -4 route").splitlines()]
    assert ["default", "via", "198.18.0.2"] in routes
    assert len(routes) == 4


def test_the_hosts_own_addresses_are_sites_like_any_other(here: Place) -> None:
    """The engine's bridge and its port are an address and a port of the world."""
    (exchanged,), receipts = here.send(visit("172.17.0.1", port=2375))
    assert Message(exchanged.responses[0]).status == 200
    assert arrived(receipts) == [("http", "172.17.0.1", 2375)]


def test_no_process_has_more_power_than_nginx_needs(here: Place) -> None:
    allowed = sum(1 << _CAPABILITIES[name] for name in CAGE_CAPABILITIES)
    processes = here.gateway.processes()
    assert len(processes) == 3
    assert {one.no_new_privileges for one in processes} == {True}
    assert [one for one in processes if one.capabilities & ~allowed] == []
    assert {one.capabilities for one in processes if one.is_worker} == {0}
    status = here.look("cat /proc/1/status")
    bounding = next(line for line in status.splitlines() if line.startswith("CapBnd"))
    assert int(bounding.split()[1], 16) == allowed


def test_the_engine_has_been_told_the_limits(container: Container) -> None:
    config = container.attrs["HostConfig"]
    limits = Limits()
    assert config["CapDrop"] == ["ALL"]
    assert set(config["CapAdd"]) == set(CAGE_CAPABILITIES)
    assert "no-new-privileges" in config["SecurityOpt"]
    assert (config["Privileged"], config["NetworkMode"]) == (False, "none")
    assert (config["Memory"], config["MemorySwap"]) == (limits.memory, limits.memory)
    assert config["PidsLimit"] == limits.processes
    assert config["Binds"] is None
    assert container.attrs["Mounts"] == []


def test_the_gateways_system_is_read_only(here: Place) -> None:
    mounts = [line.split() for line in here.look("cat /proc/1/mounts").splitlines()]
    (root,) = (fields for fields in mounts if fields[1] == "/")
    assert root[3].split(",")[0] == "ro"
    status, _, errors = here.gateway.look("touch /usr/sbin/nginx-too")
    assert status == 1
    assert b"Read-only file system" in errors


def test_a_file_can_grow_to_its_limit_and_no_further(here: Place) -> None:
    limits = {
        line[:26].strip(): line[26:].split()
        for line in here.look("cat /proc/1/limits").splitlines()
    }
    assert limits["Max file size"][:2] == [str(Limits().file_size)] * 2
    assert limits["Max core file size"][:2] == ["0", "0"]


@pytest.mark.parametrize("engine", BOTH)
def test_no_link_of_a_gateways_leads_out_of_its_cage(engine: str) -> None:
    """What is installed later goes over its links, and through none of them to anywhere else."""
    with place(engine, "links", "lays-links") as laid:
        gateway, before = laid.gateway, _cablers_own_files(laid)
        assert laid.look("readlink /etc/nginx/subscribers.map") == "/tmp/agents.zip\n"
        gateway.install({"subscribers.map": b"mine", "lists/second.map": b"mine too"})
        assert laid.look("cat /etc/nginx/subscribers.map") == "mine"
        assert laid.look("ls /tmp") == "second.map\n"
        assert _cablers_own_files(laid) == before


def _cablers_own_files(place: Place) -> list[object]:
    """The temporary files of the node that writes into the cage."""
    cabler = place.lab._cabler
    found = cabler.call("read", pid=cabler.pid, paths=["/tmp", "/run"], limit=1 << 24)
    assert found["left"] == []
    files = found["files"]
    assert isinstance(files, list)
    return files
