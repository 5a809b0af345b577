"""Frames come together from any pieces, and an agent answers calls until its input closes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any

import pytest

from headgate.agents import wire

MESSAGES: list[dict[str, Any]] = [
    {"id": 0, "value": "ready"},
    {"id": 1, "call": "put", "args": {"data": bytes(range(256)), "names": ["é", ""]}},
    {"id": 2, "value": None},
    {"id": 3, "value": {7: [1.5, True, -1]}},
    {},
]
STREAM = b"".join(map(wire.pack, MESSAGES))


def test_a_frame_is_its_length_and_a_map() -> None:
    frame = wire.pack({"id": 1})
    assert frame == b"\x00\x00\x00\x05\x81\xa2id\x01"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 1 << 16])
def test_frames_come_together_from_pieces_of_any_size(size: int) -> None:
    unpacker = wire.Unpacker()
    pieces = (STREAM[at : at + size] for at in range(0, len(STREAM), size))
    assert [message for piece in pieces for message in unpacker.feed(piece)] == MESSAGES


def test_half_a_frame_is_none() -> None:
    assert list(wire.Unpacker().feed(wire.pack({"id": 1})[:-1])) == []


def test_a_frame_larger_than_a_pipe_comes_whole() -> None:
    message = {"data": b"x" * (3 << 20)}
    assert list(wire.Unpacker().feed(wire.pack(message))) == [message]


AGENT = """
import asyncio
from headgate.agents import wire

async def later(value):
    await asyncio.sleep(0)
    return value

def fail():
    raise ValueError("no such thing")

wire.run(wire.serve({"double": lambda n: 2 * n, "later": later, "fail": fail}))
"""


def frames(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """What comes, without the signs of life."""
    unpacker = wire.Unpacker()
    while piece := stream.read1(1 << 16):  # type: ignore[attr-defined]
        yield from filter(None, unpacker.feed(piece))


@pytest.fixture
def agent() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", AGENT]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=path) as process:
        yield process
        process.kill()


def talk(agent: subprocess.Popen[bytes], *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """The replies to the calls, by id, after the agent has ended by itself."""
    assert agent.stdin
    assert agent.stdout
    replies = frames(agent.stdout)
    found = [next(replies)]
    for call in calls:
        agent.stdin.write(wire.pack(call))
        agent.stdin.flush()
        found.append(next(replies))
    agent.stdin.close()
    assert list(replies) == []
    assert agent.wait(10) == 0
    return found


def test_an_agent_answers_until_its_input_closes(agent: subprocess.Popen[bytes]) -> None:
    replies = talk(
        agent,
        {"id": 1, "call": "double", "args": {"n": 21}},
        {"id": 2, "call": "later", "args": {"value": b"\xff"}},
    )
    assert replies == [
        {"id": 0, "value": "ready"},
        {"id": 1, "value": 42},
        {"id": 2, "value": b"\xff"},
    ]


def test_a_call_that_fails_is_answered_with_its_error(agent: subprocess.Popen[bytes]) -> None:
    _, failed, unknown, after = talk(
        agent,
        {"id": 1, "call": "fail", "args": {}},
        {"id": 2, "call": "nothing", "args": {}},
        {"id": 3, "call": "double", "args": {"n": 1}},
    )
    assert failed["id"] == 1
    assert failed["error"].strip().endswith("ValueError: no such thing")
    assert "KeyError: 'nothing'" in unknown["error"]
    assert after == {"id": 3, "value": 2}
