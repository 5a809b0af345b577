"""The session store at every address of the internet, what can befall it, and where ports lead."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from headgate.agents.redis_client import Client

# Most connections go to these ports. They are listened on as they are: redirected to one port, two
# connections to two sites could be one and the same to the kernel, and the second would hang.
WEB_PORTS = (80, 443)
SINK_PORT = 9
STORE_PORT = 6379
SILENT_PORT = 10
HANGING_UP_PORT = 11
LATE_PORT = 12
STORE_SOCKET = "/run/store.sock"

# Between which bounds the delay of a late answer is drawn, in seconds: longer than a site takes to
# be asked and to answer, so that other requests come in between.
LATE = (0.05, 0.35)

_PORTS = {
    "up": STORE_PORT,
    "unreachable": 1,
    "silent": SILENT_PORT,
    "hanging up": HANGING_UP_PORT,
    "late": LATE_PORT,
}

# Where the store is, once it is anywhere: writing the rules anew takes 15 ms.
_in_force: list[tuple[int, str]] = []


# What a gateway may not do to the store: stop it, change it or slow it down for the others.
_FORBIDDEN = (
    *("-@admin", "-@dangerous", "-@scripting", "+keys", "+info", "+sort", "+command"),
    *("+eval", "+evalsha", "+eval_ro", "+evalsha_ro", "+script|load", "+script|exists"),
)
_EVERYTHING = ("~*", "&*", "+@all")
_KEEPER = "keeper"
# It holds a few kilobytes; more than that only somebody who wants it full.
ROOM = "128mb"


def _client(password: str) -> Client | None:
    try:
        client = Client(STORE_SOCKET)
    except OSError:
        return None
    client.ask("AUTH", _KEEPER, password)
    return client


class Store:
    """The session store: a real Redis, at every address of the internet.

    Who comes by the network reads and writes; the lab itself comes by a socket of its own, under a
    name and a password that no gateway knows.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_hex(16)

    async def start(self) -> None:
        self._server = subprocess.Popen(
            ["redis-server", "--port", str(STORE_PORT), "--bind", "0.0.0.0",
             "--protected-mode", "no", "--save", "", "--appendonly", "no",
             "--unixsocket", STORE_SOCKET, "--maxmemory", ROOM,
             "--user", _KEEPER, "on", f">{self._password}", *_EVERYTHING,
             "--user", "default", "on", "nopass", *_EVERYTHING, *_FORBIDDEN],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while (client := _client(self._password)) is None:
            # Redis says nothing to its parent when it is ready; its socket is the only sign.
            await asyncio.sleep(0.002)
        self._client = client

    def put(self, sessions: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the hash at each key; an empty one is deleted. Acknowledged when this returns."""
        commands: list[Sequence[str]] = []
        for key, fields in sessions.items():
            commands.append(("DEL", key))
            commands += [("HSET", key, name, value) for name, value in fields.items()]
        self._client.transaction(commands)

    def spoil(self, keys: Sequence[str]) -> None:
        """Put a plain string at each key, so that asking it for a hash is answered by an error."""
        self._client.ask("MSET", *(word for key in keys for word in (key, "")))

    def clear(self) -> None:
        self._client.ask("FLUSHALL")

    def at(self, port: int, state: str) -> None:
        """Be at this port of every address: up, unreachable, silent, hanging up or late. A client
        that was connected before the change loses its connection."""
        store_at(port, state)
        self._client.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        for transport in (*Silent.open, *_relayed):
            transport.abort()


def route(internet: Sequence[str]) -> None:
    """Make the prefixes this node's own, and send every TCP port to the sink."""
    commands = "".join(f"route add local {prefix} dev lo\n" for prefix in internet)
    subprocess.run(["ip", "-batch", "-"], input=commands.encode(), check=True)
    store_at(0, "up")


def store_at(port: int, state: str) -> None:
    """Answer as a session store on this port; `state` is up, unreachable, silent, hanging up
    or late."""
    if _in_force == [(port, state)]:
        return
    target = _PORTS[state]
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
    _in_force[:] = [(port, state)]


class Silent(asyncio.Protocol):
    """A listener that takes a connection and never says a word."""

    open: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open.add(self._transport)

    def connection_lost(self, problem: Exception | None) -> None:
        self.open.discard(self._transport)


# The clients that are connected to the store by way of a relay.
_relayed: set[asyncio.Transport] = set()
# After so many questions a relayed connection is hung up at the next one.
_QUESTIONS = itertools.cycle((1, 2, 3))


async def answer_late(questions: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    """Pass on what a client asks at once, and what the store answers after a while."""
    await _relay(questions, client, delay=LATE)


async def hang_up(questions: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    """Answer as the store does, and hang up when a client asks once more on a connection that it
    has kept open: on one at the second question, on the next ones at the third and the fourth."""
    await _relay(questions, client, most=next(_QUESTIONS))


async def _relay(
    questions: asyncio.StreamReader,
    client: asyncio.StreamWriter,
    *,
    delay: tuple[float, float] = (0.0, 0.0),
    most: int | None = None,
) -> None:
    """Be the store, but for answers that come after a time between these, or for questions of which
    so many are answered on one connection."""
    transport = cast(asyncio.Transport, client.transport)
    _relayed.add(transport)
    try:
        answers, store = await asyncio.open_unix_connection(STORE_SOCKET)
        await asyncio.gather(
            _pass_on(questions, store, most=most), _pass_on(answers, client, delay)
        )
    finally:
        _relayed.discard(transport)


async def _pass_on(
    source: asyncio.StreamReader,
    target: asyncio.StreamWriter,
    delay: tuple[float, float] = (0.0, 0.0),
    most: int | None = None,
) -> None:
    """Whatever comes, in its order, each part after a time between these; until either hangs up, or
    more than so many parts have come."""
    with contextlib.suppress(OSError):
        while (data := await source.read(1 << 16)) and most != 0:
            await asyncio.sleep(random.uniform(*delay))
            target.write(data)
            most = None if most is None else most - 1
    target.close()
