"""The world: every internet address there is, behind one cable.

It answers on each address and TCP port, ends TLS where TLS is spoken, resolves each name to an
address of its own, and keeps a session store. What arrives is kept as it came, before anything is
made of it: the receipt is evidence, the reading of it is an opinion.
"""

from __future__ import annotations

import asyncio
import functools
import html
import os
import socket
import ssl
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import redis

from headgate.agents import dissection, framing, marks, pages, wire
from headgate.agents.capture import Capture
from headgate.agents.ledger import Account, Audit, Ledger
from headgate.internet import Internet, lifetime

IP_PKTINFO = 8  # ip(7): the address a datagram was sent to
SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h: where a redirected connection was going
TLS_HANDSHAKE = 0x16  # RFC 8446, section 5.1
# Most connections go to these ports. They are listened on as they are: redirected to one port, two
# connections to two sites could be one and the same to the kernel, and the second would hang.
WEB_PORTS = (80, 443)
SINK_PORT = 9
STORE_PORT = 6379
SILENT_PORT = 10
STORE_SOCKET = "/run/store.sock"
# What stays in memory for one connection that never ends a message.
LONGEST_MESSAGE = 32 << 20

# How far into a request its token is looked for.
TOKEN_WITHIN = 16 << 10

Receipt = dict[str, Any]
# The traits of an `Answer`.
Answer = dict[str, Any]


class World:
    """What the node knows: its names, and what has arrived since it was last asked."""

    def __init__(self) -> None:
        self.internet = Internet("")
        self._asked_for: dict[str, str] = {}
        self._receipts: list[Receipt] = []
        self._connections: set[Connection] = set()
        self._answers: dict[bytes, Answer] = {}
        self._count = 0
        self._capture = Capture()
        self._ledger = Ledger()

    def begin(self, seed: str, names: Mapping[str, str]) -> None:
        self.internet = Internet(seed)
        self.internet.learn(names)

    def learn(self, names: Mapping[str, str]) -> None:
        self.internet.learn(names)

    def answer_with(self, answers: Mapping[str, Answer]) -> None:
        """Answer the requests with these tokens so, until others are named."""
        self._answers = {token.lower().encode(): answer for token, answer in answers.items()}

    def answer_to(self, request: bytes) -> Answer | None:
        """What to answer a request with, if not with an ordinary page."""
        if not self._answers:
            return None
        for word in marks.words(request[:TOKEN_WITHIN]):
            if answer := self._answers.get(word):
                if answer["once"]:
                    del self._answers[word]
                return answer
        return None

    def resolve(self, name: str) -> str:
        known = self.internet.knows(name)
        address = self.internet.address(name)
        if not known:
            self._asked_for[name] = address
        return address

    def keep(self, kind: str, address: str, port: int, data: bytes, **more: Any) -> int:
        self._count += 1
        receipt = {"kind": kind, "address": address, "port": port, "data": data}
        self._receipts.append({**receipt, "number": self._count, **more})
        return self._count

    async def record(self) -> None:
        """Record what comes in, from now on."""
        await self._capture.begin()
        self._ledger = Ledger()

    async def recorded(self, neighbour: str, store: int | None) -> dict[str, Any]:
        """What has come in since `record`, now that the neighbour is silent.

        Of the flows, those of which there are receipts of every byte are left out. `received` is
        for how many of its first bytes a TCP stream has receipts. What goes to the store's port is
        not received but served, and has none.
        """
        recording = await self._capture.end(neighbour)
        for connection in tuple(self._connections):
            connection.give_up()
        crossed = dissection.flows(recording.frames()) if not recording.doubt else []
        audit = self._ledger.audit()
        flows = [_told(flow, audit, store) for flow in crossed]
        rest = [flow for flow in flows if flow["received"] < len(flow["data"])]
        return {"flows": rest, "unseen": audit.unseen, "doubt": recording.doubt}

    def forget(self) -> None:
        self._capture.abandon()

    def account(self, address: str, port: int) -> Account:
        return self._ledger.account(address, port)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def collect(self, last: bool = False) -> dict[str, Any]:
        """What arrived since the last call: receipts in order, and the names first asked for.

        With `last`, messages that never came to an end are included.
        """
        if last:
            for connection in tuple(self._connections):
                connection.give_up()
        receipts, self._receipts = self._receipts, []
        names, self._asked_for = self._asked_for, {}
        return {"receipts": receipts, "names": names}


def _told(flow: dissection.Flow, audit: Audit, store: int | None) -> dict[str, Any]:
    received = 0
    if flow.protocol == dissection.TCP and flow.port != store:
        received = audit.received(flow.destination, flow.port, flow.data)
    return {**flow._asdict(), "received": received}


class Connection(asyncio.Protocol):
    """One connection to a site, whichever site and whatever protocol it turns out to be."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = bytearray()
        self._tls: Tls | None = None
        self._first = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._address, self._port = _original_destination(transport)
        self._account = self._world.account(self._address, self._port)
        self._world.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._first:
            self._first = False
            if data[0] == TLS_HANDSHAKE:
                self._world.keep("hello", self._address, self._port, data)
                self._account.add(data)
                self._tls = Tls(self._transport)
        if self._tls:
            data = self._tls.read(data)
        self._buffer += data
        while (end := framing.request_end(self._buffer)) is not None:
            self._message(end)
        if len(self._buffer) > LONGEST_MESSAGE:
            self._transport.abort()

    def _message(self, end: int) -> None:
        message = bytes(self._buffer[:end])
        del self._buffer[:end]
        number = self._keep(message)
        if answer := self._world.answer_to(message):
            self._answering = asyncio.get_running_loop().create_task(
                self._answer(answer, rendered(answer, message, number))
            )
            return
        ordinary, stays = pages.page(message, number, self._address)
        (self._tls or self._transport).write(ordinary)
        if not stays:
            self._transport.close()

    async def _answer(self, answer: Answer, data: bytes) -> None:
        data = data[: answer["cut"]]
        size = -(-len(data) // answer["pieces"]) or 1
        for start in range(0, len(data), size):
            await asyncio.sleep(answer["delay"])
            if self._transport.is_closing():
                return
            (self._tls or self._transport).write(data[start : start + size])
        self._transport.close()

    def _keep(self, message: bytes, whole: bool = True) -> int:
        kind = "https" if self._tls else "http"
        if not self._tls:
            self._account.add(message)
        return self._world.keep(kind, self._address, self._port, message, whole=whole)

    def give_up(self) -> None:
        """Keep what came of a message that will not end any more."""
        if self._buffer:
            self._keep(bytes(self._buffer), whole=False)
            self._buffer.clear()

    def connection_lost(self, problem: Exception | None) -> None:
        self.give_up()
        self._world.closed(self)


class Tls:
    """TLS ended by the world, for whatever name the client asks (RFC 8446)."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _tls_context().wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = False

    def read(self, data: bytes) -> bytes:
        """The plain text that `data` completes."""
        self._incoming.write(data)
        plain = b""
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while chunk := self._tls.read(65536):
                plain += chunk
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self._transport.abort()
        self._flush()
        return plain

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._transport.write(data)


@functools.cache
def _tls_context() -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "3650", "-subj", "/CN=site", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    return context


def _original_destination(transport: asyncio.BaseTransport) -> tuple[str, int]:
    address, port = transport.get_extra_info("sockname")[:2]
    if port != SINK_PORT:
        return address, port
    descriptor = transport.get_extra_info("socket").fileno()
    with socket.socket(fileno=os.dup(descriptor)) as sock:
        raw = sock.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
    port, packed = struct.unpack_from(">2xH4s", raw)
    return socket.inet_ntoa(packed), port


def rendered(answer: Answer, request: bytes, number: int) -> bytes:
    """The bytes of an answer: with what stands for the visit filled in, and a length where the
    body needs one."""
    head = request[: framing.head_end(request, framing.leading_lines(request))]
    received = html.escape(head.decode("latin-1"), quote=False).encode("latin-1")
    body: bytes = answer["body"].replace(b"{visit}", marks.visit_mark(number))
    body = body.replace(b"{received}", received)
    head = answer["head"]
    if answer["framed"]:
        head += b"\r\nContent-Length: %d\r\nConnection: close" % len(body)
    if request.lstrip(b"\r\n").startswith(b"HEAD "):
        body = b""
    return bytes(answer["interim"] + head + b"\r\n\r\n" + body)


class Resolver(asyncio.DatagramProtocol):
    """Answers for every name: an address of its own, and no record of any other type."""

    def __init__(self, world: World, sock: socket.socket) -> None:
        self._world = world
        self._sock = sock

    def ready(self) -> None:
        try:
            data, control, _, client = self._sock.recvmsg(4096, 64)
        except BlockingIOError:
            return
        asked = _asked_address(control)
        self._world.keep("dns", asked, 53, data)
        if answer := self.answer(data):
            # Answered from the address that was asked: a resolver drops any other.
            source = struct.pack("=I4s4s", 0, socket.inet_aton(asked), bytes(4))
            self._sock.sendmsg([answer], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, client)

    def answer(self, data: bytes) -> bytes | None:
        try:
            query = dns.message.from_wire(data)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if question.rdtype == dns.rdatatype.A:
            name = question.name.to_text(omit_final_dot=True)
            address = self._world.resolve(name)
            answer = dns.rrset.from_text(question.name, lifetime(name), "IN", "A", address)
            response.answer.append(answer)
        return response.to_wire()


def _asked_address(control: Sequence[tuple[int, int, bytes]]) -> str:
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return socket.inet_ntoa(struct.unpack("=I4s4s", data)[2])
    raise ValueError("a datagram without IP_PKTINFO")


class Datagrams:
    """Every UDP datagram to any other port, read off a raw socket before it is refused."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        self._sock.setblocking(False)
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self.ready)

    def ready(self) -> None:
        packet = self._sock.recv(65535)
        header = (packet[0] & 15) * 4
        (port,) = struct.unpack_from(">H", packet, header + 2)
        if port != 53:
            address = socket.inet_ntoa(packet[16:20])
            self._world.keep("udp", address, port, packet[header + 8 :])


class Store:
    """The session store: a real Redis, at every address of the internet."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._client = redis.Redis(unix_socket_path=STORE_SOCKET)

    async def start(self) -> None:
        self._server = subprocess.Popen(
            ["redis-server", "--port", str(STORE_PORT), "--bind", "0.0.0.0",
             "--protected-mode", "no", "--save", "", "--appendonly", "no",
             "--unixsocket", STORE_SOCKET],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._answers():
            # Redis says nothing to its parent when it is ready; its socket is the only sign.
            await asyncio.sleep(0.005)

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except redis.ConnectionError:
            return False

    def put(self, sessions: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the hash at each key; an empty one is deleted. Acknowledged when this returns."""
        pipeline = self._client.pipeline(transaction=True)
        for key, fields in sessions.items():
            pipeline.delete(key)
            for name, value in fields.items():
                pipeline.hset(key, name, value)
        pipeline.execute()

    def spoil(self, keys: Sequence[str]) -> None:
        """Put a plain string at each key, so that asking it for a hash is answered by an error."""
        self._client.mset(dict.fromkeys(keys, ""))

    def clear(self) -> None:
        self._client.flushall()

    def at(self, port: int, state: str) -> None:
        """Be at this port of every address: up, unreachable or silent. A client that was
        connected before the change loses its connection."""
        store_at(port, state)
        self._client.client_kill_filter(_type="normal", skipme=True)
        for transport in tuple(Silent.open):
            transport.abort()


def route(internet: Sequence[str]) -> None:
    """Make the prefixes this node's own, and send every TCP port to the sink."""
    commands = "".join(f"route add local {prefix} dev lo\n" for prefix in internet)
    subprocess.run(["ip", "-batch", "-"], input=commands.encode(), check=True)
    store_at(0, "up")


def store_at(port: int, state: str) -> None:
    """Answer as a session store on this port; `state` is up, unreachable or silent."""
    target = {"up": STORE_PORT, "unreachable": 1, "silent": SILENT_PORT}[state]
    rule = "-A PREROUTING -i internet -p tcp"
    nat = [f"{rule} -j REDIRECT --to-ports {SINK_PORT}"]
    if port:
        nat.insert(0, f"{rule} --dport {port} -j REDIRECT --to-ports {target}")
    # What is not redirected needs no tracking, and a full table of connections drops new ones.
    untracked = [web for web in WEB_PORTS if web != port]
    raw = [f"{rule} --dport {web} -j CT --notrack" for web in untracked]
    raw += [f"-A OUTPUT -o internet -p tcp --sport {web} -j CT --notrack" for web in untracked]
    table = ["*raw", *raw, "COMMIT", "*nat", *nat, "COMMIT", ""]
    subprocess.run(["iptables-restore"], input="\n".join(table).encode(), check=True)


class Silent(asyncio.Protocol):
    """A listener that takes a connection and never says a word."""

    open: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open.add(self._transport)

    def connection_lost(self, problem: Exception | None) -> None:
        self.open.discard(self._transport)


async def main() -> None:
    world, store = World(), Store()
    loop = asyncio.get_running_loop()
    for port in (*WEB_PORTS, SINK_PORT):
        await loop.create_server(lambda: Connection(world), "0.0.0.0", port, backlog=4096)
    await loop.create_server(Silent, "0.0.0.0", SILENT_PORT)
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    names.setblocking(False)
    names.bind(("0.0.0.0", 53))
    loop.add_reader(names.fileno(), Resolver(world, names).ready)
    Datagrams(world)
    await store.start()
    await wire.serve(
        {
            "route": route,
            "begin": world.begin,
            "learn": world.learn,
            "answer_with": world.answer_with,
            "collect": world.collect,
            "record": world.record,
            "recorded": world.recorded,
            "forget": world.forget,
            "store_at": store.at,
            "put": store.put,
            "spoil": store.spoil,
            "clear": store.clear,
        }
    )


if __name__ == "__main__":
    wire.run(main())
