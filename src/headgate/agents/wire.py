"""How the harness and its agents talk: calls and replies, over one pair of byte streams.

A frame is a length of four bytes, big-endian, and a MessagePack map of that length. A call is
`{id, call, args}`; its reply `{id, value}` or `{id, error}`. Replies come in any order, and every
few seconds a sign of life, `{}`: what an agent does may take long, but it never keeps silent.

The harness needs no more of this than frames; asyncio is imported where agents begin.
"""

from __future__ import annotations

import faulthandler
import os
import struct
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    import asyncio

_LENGTH = struct.Struct(">I")

# Seconds between two signs of life; and after how many without one it is told where the agent
# is stuck.
HEARTBEAT, STUCK = 2.0, 10.0

Handler = Callable[..., Any]


def pack(message: Mapping[str, Any]) -> bytes:
    body: bytes = msgpack.packb(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Puts frames together from chunks of bytes, which end anywhere."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        self._buffer += chunk
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield msgpack.unpackb(body, strict_map_key=False)


async def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer calls from standard input until it closes; then the agent's life is over."""
    import asyncio

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    unpacker = Unpacker()
    running: set[asyncio.Task[None]] = set()
    reply({"id": 0, "value": "ready"})
    living = loop.create_task(_live())
    while chunk := await reader.read(1 << 20):
        for message in unpacker.feed(chunk):
            task = loop.create_task(_answer(handlers, message))
            running.add(task)
            task.add_done_callback(running.discard)
    living.cancel()
    os._exit(0)


async def _live() -> None:
    import asyncio

    while True:
        faulthandler.dump_traceback_later(STUCK)
        reply({})
        await asyncio.sleep(HEARTBEAT)


async def _answer(handlers: Mapping[str, Handler], message: dict[str, Any]) -> None:
    try:
        value = handlers[message["call"]](**message["args"])
        if isinstance(value, Awaitable):
            value = await value
        reply({"id": message["id"], "value": value})
    except Exception:
        reply({"id": message["id"], "error": traceback.format_exc(limit=-3)})


def reply(message: Mapping[str, Any]) -> None:
    data = memoryview(pack(message))
    while data:
        data = data[os.write(1, data) :]


def run(main: Awaitable[None]) -> None:
    """Run an agent on uvloop, which the image has (2 to 3 times as many connections a second)."""
    import asyncio

    import uvloop

    uvloop.install()
    asyncio.run(main)  # type: ignore[arg-type]
