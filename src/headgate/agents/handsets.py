"""The handsets: every subscriber's device, on one node.

The node owns the whole pool of handset addresses, so a socket binds to any of them. What is sent
is bytes, because handsets send what no HTTP library would.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
import socket
import subprocess
from collections.abc import Coroutine, Sequence
from typing import Any

from headgate.agents import framing, wire

# Ports of one handset are used in turn. The network hands connections to different sites over to
# one port of the gateway: of two with one source port, the kernel would take the second for the
# first's remains, and let it hang.
FIRST_PORT, LAST_PORT = 10000, 60000
# Answers are listened to while more than this is still being sent, in bytes.
AT_ONCE = 65536
# What a handset takes of one connection before it gives up, in bytes: twice the largest page.
MOST_TAKEN = 640 << 10
# A handset that sends in pieces lets so many seconds go by between two.
BETWEEN_PIECES = 0.01

_last_port: dict[str, int] = {}
# Connections that were left open, by the name under which they are gone on with.
_open: dict[str, socket.socket] = {}


def _port(source: str) -> int:
    last = _last_port.get(source) or random.randrange(FIRST_PORT, LAST_PORT)
    _last_port[source] = port = last + 1 if last < LAST_PORT else FIRST_PORT
    return port


Plan = dict[str, Any]
Outcome = dict[str, Any]


def own(pool: str) -> None:
    """Make every address of the pool this node's own."""
    subprocess.run(["ip", "route", "add", "local", pool, "dev", "lo"], check=True)


async def exchange(plans: Sequence[Plan], concurrency: int, timeout: float) -> list[Outcome]:
    """Carry out each plan on a connection of its own, `concurrency` at a time.

    Plans with a pause are spread evenly over time, and those of one handset come one after
    another. A plan is `{source, address, port, steps, pause}` with the traits of a `Manner`; a step
    is `(bytes, methods)`: the bytes are sent, then as many whole responses are awaited as there are
    methods. With a name under `stays` the connection is left open for the plan that has the same
    one under `goes_on`. The outcome is `{responses, rest, error}`: the raw bytes of each whole
    response, what came besides, and in words what went wrong (`None` when nothing did). `timeout`
    is in seconds for one step.
    """
    queue = collections.deque(_in_turn(plans))
    outcomes: list[Outcome] = [{} for _ in plans]
    workers = min(concurrency, len(queue))

    async def work(offset: float) -> None:
        while queue:
            for index, plan in queue.popleft():
                if plan["pause"]:  # a subscriber's own slowness, not a wait
                    await asyncio.sleep(plan["pause"] * (1 + offset))
                    offset = 0.0
                outcomes[index] = await _connection(plan, timeout)

    await asyncio.gather(*(work(number / workers) for number in range(workers)))
    return outcomes


def _in_turn(plans: Sequence[Plan]) -> list[list[tuple[int, Plan]]]:
    """Plans with their indices; those that have to follow one another are in one list."""
    turns: dict[object, list[tuple[int, Plan]]] = {}
    for index, plan in enumerate(plans):
        turns.setdefault(plan["source"] if plan["pause"] else index, []).append((index, plan))
    return list(turns.values())


async def _connection(plan: Plan, timeout: float) -> Outcome:
    timeout = plan["patience"] or timeout
    responses: list[bytes] = []
    buffer = bytearray()
    error = None
    with contextlib.ExitStack() as closing:
        try:
            async with asyncio.timeout(timeout):
                sock = closing.enter_context(await _connected(plan))
            last = plan["steps"][-1]
            for step in plan["steps"]:
                closes = plan["half_closes"] and step is last
                sending = _send(sock, step[0], plan["pieces"], closes)
                async with asyncio.timeout(timeout):
                    await _step(sock, sending, len(step[0]), step[1], buffer, responses)
            await _linger(sock, buffer, plan["lingers"])
            if plan["stays"]:
                _leave_open(plan["stays"], sock)
                closing.pop_all()
        except TimeoutError:
            error = "timeout"
        except OSError as problem:
            error = problem.strerror or "closed"
    return {"responses": responses, "rest": bytes(buffer), "error": error}


async def _connected(plan: Plan) -> socket.socket:
    if kept := _open.pop(plan["goes_on"], None):
        return kept
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((plan["source"], _port(plan["source"])))
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, (plan["address"], plan["port"]))
    except BaseException:
        sock.close()
        raise
    return sock


def _leave_open(name: str, sock: socket.socket) -> None:
    if before := _open.pop(name, None):
        before.close()
    _open[name] = sock


def hang_up() -> None:
    """Close every connection that was left open."""
    while _open:
        _open.popitem()[1].close()


async def _step(
    sock: socket.socket,
    sending: Coroutine[Any, Any, None],
    size: int,
    methods: Sequence[bytes],
    buffer: bytearray,
    responses: list[bytes],
) -> None:
    task = asyncio.get_running_loop().create_task(sending) if size > AT_ONCE else None
    if task is None:
        await sending
    try:
        # One after another, each kept at once: what came before a failure has come.
        for method in methods:
            responses.append(await _response(sock, method, buffer))  # noqa: PERF401
    finally:
        if task is not None:
            task.cancel()


async def _send(sock: socket.socket, data: bytes, pieces: int, closes: bool) -> None:
    loop = asyncio.get_running_loop()
    size = -(-len(data) // pieces)
    for start in range(0, len(data), max(size, 1)):
        if start:
            await asyncio.sleep(BETWEEN_PIECES)
        await loop.sock_sendall(sock, data[start : start + size])
    if closes:
        sock.shutdown(socket.SHUT_WR)


async def _linger(sock: socket.socket, buffer: bytearray, seconds: float) -> None:
    """Keep what still comes until the other side hangs up, or for so many seconds."""
    if not seconds:
        return
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while chunk := await loop.sock_recv(sock, 65536):
                buffer += chunk
                _assert_enough(buffer)


async def _response(sock: socket.socket, method: bytes, buffer: bytearray) -> bytes:
    loop = asyncio.get_running_loop()
    while (end := framing.response_end(buffer, method)) is None or end == framing.UNTIL_CLOSE:
        chunk = await loop.sock_recv(sock, 65536)
        if not chunk:
            if end is None:
                raise ConnectionResetError(0, "closed")
            end = len(buffer)
            break
        buffer += chunk
        _assert_enough(buffer)
    response = bytes(buffer[:end])
    del buffer[:end]
    return response


def _assert_enough(buffer: bytearray) -> None:
    if len(buffer) > MOST_TAKEN:
        raise TimeoutError  # it would never end


if __name__ == "__main__":
    wire.run(wire.serve({"own": own, "exchange": exchange, "hang_up": hang_up}))
