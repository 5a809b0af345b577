"""The world: every internet address there is, behind one cable.

It answers on each address and TCP port, ends TLS where TLS is spoken, resolves each name to an
address of its own, and keeps a session store. What arrives is kept as it came, before anything is
made of it: the receipt is evidence, the reading of it is an opinion.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import html
import io
import os
import socket
import ssl
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, cast

from headgate.agents import framing, marks, pages, wire
from headgate.agents.capture import Capture
from headgate.agents.ledger import Account, Audit, Ledger
from headgate.agents.resolver import IP_PKTINFO, Resolver
from headgate.agents.store import (
    HANGING_UP_PORT,
    LATE_PORT,
    SILENT_PORT,
    SINK_PORT,
    WEB_PORTS,
    Silent,
    Store,
    answer_late,
    hang_up,
    route,
)
from headgate.internet import Internet

if TYPE_CHECKING:
    from headgate.agents import dissection

SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h: where a redirected connection was going
TLS_HANDSHAKE = 0x16  # RFC 8446, section 5.1
# What stays in memory for one connection that never ends a message.
LONGEST_MESSAGE = 32 << 20

# What is kept of all that arrives in a gateway's life, with what each receipt takes by itself: far
# more than a recording of the cable has room for.
MOST_KEPT, OF_A_RECEIPT = 384 << 20, 600
_TCP = "TCP"  # as dissection calls it

# How far into a request its token is looked for.
TOKEN_WITHIN = 16 << 10

Receipt = dict[str, Any]
Sealed = tuple[str, int, bytes]
"""Address, port and ClientHello of a TLS connection on which nothing was said."""
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
        self._room = MOST_KEPT
        self._sealed: list[Sealed] = []
        self._capture = Capture()
        self._held: IO[bytes] = io.BytesIO()
        self._ledger = Ledger()

    def begin(self, seed: str, names: Mapping[str, str]) -> None:
        self.internet = Internet(seed)
        self.internet.learn(names)

    def learn(self, names: Mapping[str, str]) -> None:
        self.internet.learn(names)

    def answer_with(self, answers: Mapping[str, Answer]) -> None:
        """Answer the requests with these tokens so."""
        self._answers |= {token.lower().encode(): answer for token, answer in answers.items()}

    def answer_ordinarily(self) -> None:
        """Answer all requests with ordinary pages."""
        self._answers.clear()

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
        if not self.has_room_for(OF_A_RECEIPT):
            return self._count
        receipt = {"kind": kind, "address": address, "port": port, "data": data}
        self._receipts.append({**receipt, "number": self._count, **more})
        return self._count

    def has_room_for(self, size: int) -> bool:
        """Whether so much more can be kept; then it takes its room."""
        self._room -= size
        return self._room > 0

    async def record(self) -> None:
        """Record what comes in, from now on."""
        self._room = MOST_KEPT
        self._sealed = []
        await self._capture.begin()
        self._ledger = Ledger()

    async def recorded(self, neighbour: str, store: int | None) -> dict[str, Any]:
        """What has come in since `record`, now that the neighbour is silent.

        Of the flows, those of which there are receipts of every byte are left out. `received` is
        for how many of its first bytes a TCP stream has receipts. What goes to the store's port is
        not received but served, and has none. `sealed` are the TLS connections whose client did not
        get as far as to say anything.
        """
        recording = await self._capture.end(neighbour)
        for connection in tuple(self._connections):
            connection.give_up()
        # With dpkt it takes 30 ms, and nobody needs it before.
        from headgate.agents import dissection

        crossed = dissection.flows(recording.frames()) if not recording.doubt else []
        audit = self._ledger.audit()
        flows = [_told(flow, audit, store) for flow in crossed]
        rest = [flow for flow in flows if flow["received"] < len(flow["data"])]
        doubt = recording.doubt or ("" if self._room > 0 else "more arrived than can be kept")
        sealed = [*self._sealed, *filter(None, (one.sealed for one in self._connections))]
        return {"flows": rest, "unseen": audit.unseen, "doubt": doubt, "sealed": sealed}

    def hold(self) -> None:
        """Keep the capture for `recording`, whatever is recorded after it."""
        self._held.close()
        self._held = self._capture.held()

    async def recording(self, most: int) -> dict[str, Any]:
        """The next part of what is held, as tcpdump wrote it: its size, and its bytes in a gzip
        member. Members one behind the other are one gzip file."""
        part = self._held.read(most)
        data = await asyncio.to_thread(gzip.compress, part, 1, mtime=0)
        return {"size": len(part), "data": data}

    def forget(self) -> None:
        self._capture.abandon()

    def account(self, address: str, port: int) -> Account:
        return self._ledger.account(address, port)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if sealed := connection.sealed:
            self._sealed.append(sealed)

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
    if flow.protocol == _TCP and flow.port != store:
        received = audit.received(flow.destination, flow.port, flow.data)
    return {**flow._asdict(), "received": received}


class Connection(asyncio.Protocol):
    """One connection to a site, whichever site and whatever protocol it turns out to be."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = bytearray()
        self._tls: Tls | None = None
        self._hello = b""
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
                self._hello = data
        if self._tls:
            data = self._tls.read(data)
            self._hello = b"" if data else self._hello
        if not self._world.has_room_for(len(data)):
            self._transport.abort()
            return
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

    @property
    def sealed(self) -> Sealed | None:
        """What a client said that spoke TLS and then said nothing."""
        return (self._address, self._port, self._hello) if self._hello else None


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


async def main() -> None:
    world, store = World(), Store()
    loop = asyncio.get_running_loop()
    for port in (*WEB_PORTS, SINK_PORT):
        await loop.create_server(lambda: Connection(world), "0.0.0.0", port, backlog=4096)
    await loop.create_server(Silent, "0.0.0.0", SILENT_PORT)
    await asyncio.start_server(hang_up, "0.0.0.0", HANGING_UP_PORT)
    await asyncio.start_server(answer_late, "0.0.0.0", LATE_PORT)
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    names.setblocking(False)
    names.bind(("0.0.0.0", 53))
    resolver = Resolver(
        names, world.resolve, lambda asked, query: world.keep("dns", asked, 53, query)
    )
    loop.add_reader(names.fileno(), resolver.ready)
    Datagrams(world)
    await store.start()
    await wire.serve(
        {
            "route": route,
            "begin": world.begin,
            "learn": world.learn,
            "answer_with": world.answer_with,
            "answer_ordinarily": world.answer_ordinarily,
            "collect": world.collect,
            "record": world.record,
            "recorded": world.recorded,
            "hold": world.hold,
            "recording": world.recording,
            "forget": world.forget,
            "store_at": store.at,
            "put": store.put,
            "spoil": store.spoil,
            "clear": store.clear,
        }
    )


if __name__ == "__main__":
    wire.run(main())
