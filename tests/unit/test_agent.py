"""The harness's end of an agent, at the other end of a real pair of sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headgate.agents import wire
from headgate.errors import LabError
from headgate.lab.agent import Agent

READY = {"id": 0, "value": "ready"}


class Pipe:
    """A channel whose other end is played by the test."""

    pid = 4711

    def __init__(self) -> None:
        self._mine, self.other = socket.socketpair()
        self.write = self._mine.sendall

    def read(self) -> tuple[bool, bytes] | None:
        try:
            data = self._mine.recv(1 << 16)
        except OSError:  # closed meanwhile
            return None
        # An agent's words for people begin with a lower-case letter here, and frames with a zero.
        return (data[:1] == b"\0", data) if data else None

    def answer(self, data: bytes, *, ends: bool = False) -> list[dict[str, Any]]:
        """Answer the next call with these bytes; the call comes into the list."""
        calls: list[dict[str, Any]] = []

        def play() -> None:
            calls.extend(wire.Unpacker().feed(self.other.recv(1 << 16)))
            self.other.sendall(data)
            if ends:
                self.other.shutdown(socket.SHUT_RDWR)

        _beside(play)
        return calls

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._mine.shutdown(socket.SHUT_RDWR)
        self._mine.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT", 0.02)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    one = Pipe()
    one.other.sendall(wire.pack(READY))
    yield one
    one.close()
    one.other.close()


def test_a_call_brings_the_value(pipe: Pipe) -> None:
    agent = Agent("world", pipe)
    calls = pipe.answer(wire.pack({}) + wire.pack({"id": 1, "value": 42}))
    assert agent.call("double", n=21) == 42
    assert calls == [{"id": 1, "call": "double", "args": {"n": 21}}]


def test_a_failure_is_told_with_its_last_line_first(pipe: Pipe) -> None:
    agent = Agent("world", pipe)
    pipe.answer(wire.pack({"id": 1, "error": "Trace\n  here\nValueError: no"}))
    with pytest.raises(LabError, match=r"^the node world failed: ValueError: no\n"):
        agent.call("fail")


def test_a_node_that_falls_silent_is_lost_and_stays_so(pipe: Pipe) -> None:
    agent = Agent("world", pipe)
    pipe.other.sendall(b"stuck in a read")
    with pytest.raises(LabError, match=r"^the node world is lost: stuck in a read$"):
        agent.call("collect")
    with pytest.raises(LabError, match=r"^the node world is lost"):
        agent.call("collect")
    with pytest.raises(LabError):
        agent.assert_here()


def test_a_node_that_gives_signs_of_life_may_take_its_time(pipe: Pipe) -> None:
    agent = Agent("world", pipe)
    ended = threading.Event()
    living = _beside(lambda: _live(pipe, ended, beats=40, then={"id": 1, "value": "done"}))
    assert agent.call("work") == "done"
    ended.set()
    living.join()


def test_a_node_that_lives_but_never_answers_is_lost(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headgate.lab.agent.LONGEST", 12)
    agent = Agent("world", pipe)
    ended = threading.Event()
    living = _beside(lambda: _live(pipe, ended))
    with pytest.raises(LabError, match=r"^the node world is lost$"):
        agent.call("work")
    ended.set()
    living.join()


def test_a_node_that_ends_says_why(pipe: Pipe) -> None:
    agent = Agent("world", pipe)
    pipe.answer(b"out of memory", ends=True)
    with pytest.raises(LabError, match=r"^the node world is lost: out of memory$"):
        agent.call("work")


def _beside(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def _live(
    pipe: Pipe, ended: threading.Event, beats: int = 10_000, then: dict[str, Any] | None = None
) -> None:
    for _ in range(beats):
        if ended.wait(0.01):
            return
        try:
            pipe.other.sendall(wire.pack({}))
        except OSError:
            return  # given up on
    if then:
        pipe.other.sendall(wire.pack(then))
