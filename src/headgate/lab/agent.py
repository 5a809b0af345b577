"""The harness's end of an agent: calls go in, values come out."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future
from typing import Any

from headgate.agents import wire
from headgate.engines.engine import Channel
from headgate.errors import LabError

# Far above what any call takes; a node that says nothing for so long is lost.
SILENCE = 120.0


class Agent:
    """A node of the lab's own. Calls may overlap; `call` waits for its value, `submit` does not."""

    def __init__(self, role: str, channel: Channel) -> None:
        self.role = role
        self.pid = channel.pid
        self._channel = channel
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        self._lock = threading.Lock()
        self._words = bytearray()
        self._gone = False
        ready = self._waiting[0]
        threading.Thread(target=self._listen, name=f"agent {role}", daemon=True).start()
        ready.result(SILENCE)

    def assert_here(self) -> None:
        """LabError when the node has gone."""
        with self._lock:
            if self._gone:
                raise self._lost()

    def call(self, name: str, **args: Any) -> Any:
        return self.submit(name, **args).result(SILENCE)

    def submit(self, name: str, **args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            if self._gone:
                raise self._lost()
            number = next(self._ids)
            self._waiting[number] = future
            try:
                self._channel.write(wire.pack({"id": number, "call": name, "args": args}))
            except OSError as error:
                raise self._lost() from error
        return future

    def _listen(self) -> None:
        unpacker = wire.Unpacker()
        while (part := self._channel.read()) is not None:
            is_reply, data = part
            if not is_reply:
                self._words += data
                continue
            for message in unpacker.feed(data):
                self._settle(message)
        with self._lock:
            self._gone = True
        for future in list(self._waiting.values()):
            future.set_exception(self._lost())

    def _settle(self, message: dict[str, Any]) -> None:
        future = self._waiting.pop(message["id"])
        if "error" in message:
            trace = str(message["error"]).strip()
            last = trace.rpartition("\n")[2]  # what a person reads first
            future.set_exception(LabError(f"the node {self.role} failed: {last}\n{trace}"))
        else:
            future.set_result(message["value"])

    def _lost(self) -> LabError:
        words = self._words.decode("utf-8", "replace").strip()
        return LabError(f"the node {self.role} has gone" + (f": {words}" if words else ""))
