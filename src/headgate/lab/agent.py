"""The harness's end of an agent: calls go in, values come out."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future
from typing import Any

from headgate.agents import wire
from headgate.engines.engine import Channel
from headgate.errors import LabError

# A node that gives no sign of life in so many looks is lost, and so is one that a call keeps busy
# for longer than any takes. It is looks that count: while the harness itself is stopped, none is.
SILENCE, LONGEST = 8, 150


class Agent:
    """A node of the lab's own. Calls may overlap; `call` waits for its value, `submit` does not.

    LabError when the node has gone, has fallen silent, or says that it has failed.
    """

    def __init__(self, role: str, channel: Channel) -> None:
        self.role = role
        self.pid = channel.pid
        self._channel = channel
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        self._lock = threading.Lock()
        self._words = bytearray()
        self._gone = False
        self._heard = 0
        ready = self._waiting[0]
        threading.Thread(target=self._listen, name=f"agent {role}", daemon=True).start()
        self.value_of(ready)

    def assert_here(self) -> None:
        """LabError when the node has gone."""
        with self._lock:
            if self._gone:
                raise self._lost()

    def call(self, name: str, **args: Any) -> Any:
        return self.value_of(self.submit(name, **args))

    def value_of(self, future: Future[Any]) -> Any:
        """The value of a call that was submitted, waited for as long as the node is alive."""
        looks = silent = 0
        while True:
            heard = self._heard
            try:
                return future.result(wire.HEARTBEAT)
            except TimeoutError:
                looks += 1
                silent = silent + 1 if self._heard == heard else 0
            if silent > SILENCE or looks > LONGEST:
                raise self._given_up()

    def _given_up(self) -> LabError:
        with self._lock:
            self._gone = True
        self._channel.close()
        return self._lost()

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
            self._heard += 1
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
        if not message:
            return  # a sign of life
        future = self._waiting.pop(message["id"])
        if "error" in message:
            trace = str(message["error"]).strip()
            last = trace.rpartition("\n")[2]  # what a person reads first
            future.set_exception(LabError(f"the node {self.role} failed: {last}\n{trace}"))
        else:
            future.set_result(message["value"])

    def _lost(self) -> LabError:
        words = self._words.decode("utf-8", "replace").strip()
        return LabError(f"the node {self.role} is lost" + (f": {words}" if words else ""))
