"""The session store at every address of the internet, what can befall it, and where ports lead."""

from __future__ import annotations

import asyncio
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
STORE_SOCKET = "/run/store.sock"

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
        """Be at this port of every address: up, unreachable or silent. A client that was
        connected before the change loses its connection."""
        store_at(port, state)
        self._client.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        for transport in tuple(Silent.open):
            transport.abort()


def route(internet: Sequence[str]) -> None:
    """Make the prefixes this node's own, and send every TCP port to the sink."""
    commands = "".join(f"route add local {prefix} dev lo\n" for prefix in internet)
    subprocess.run(["ip", "-batch", "-"], input=commands.encode(), check=True)
    store_at(0, "up")


def store_at(port: int, state: str) -> None:
    """Answer as a session store on this port; `state` is up, unreachable or silent."""
    if _in_force == [(port, state)]:
        return
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
    _in_force[:] = [(port, state)]


class Silent(asyncio.Protocol):
    """A listener that takes a connection and never says a word."""

    open: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open.add(self._transport)

    def connection_lost(self, problem: Exception | None) -> None:
        self.open.discard(self._transport)
