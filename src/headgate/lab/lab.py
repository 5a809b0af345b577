"""The lab: handsets and world stay up, gateways come and go between them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self

from headgate import trace
from headgate.agents import framing
from headgate.answer import Answer
from headgate.candidate import Candidate
from headgate.engines.engine import Cage, Engine, Limits
from headgate.flow import TCP, Crossing, Flow
from headgate.gateway_spec import GatewaySpec, RedisSessions
from headgate.internet import Internet
from headgate.lab import topology
from headgate.lab.agent import Agent
from headgate.lab.gateway import WRITABLE, Gateway
from headgate.numbers import Subscriber
from headgate.request import Connection, Receipt, Request

# Handsets that talk at the same time; enough to keep both ends busy on a few cores.
CONCURRENCY = 96
# Seconds that a handset waits for a whole answer. Sites answer at once, so this bounds what a
# gateway may do by itself, a store that does not answer included.
PATIENCE = 5.0

# What an agent is asked for at a time of a file: bytes.
_PART = 4 << 20

_ROLES = ("cabler", "handsets", "world")


@dataclass(frozen=True)
class Exchanged:
    """What came of a connection: one response per answered request, in order, and what failed."""

    responses: tuple[bytes, ...]
    rest: bytes
    error: str | None


class Lab:
    """Three nodes on an engine. `internet` knows every name that has an address so far."""

    def __init__(self, engine: Engine, seed: str) -> None:
        self.engine = engine
        self.internet = Internet(seed)
        self._seed = seed
        self._making = ThreadPoolExecutor(2, "making cages")
        self._made: dict[tuple[str, PurePosixPath], list[Future[Cage]]] = {}
        self._told: set[str] = set()
        self._ordinarily = True

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(len(_ROLES)) as starting:
            nodes = dict(zip(_ROLES, starting.map(self._start, _ROLES), strict=True))
        self._cabler, self._handsets, self._world = (nodes[role] for role in _ROLES)
        owned = self._handsets.submit("own", pool=topology.POOL)
        self._world.call("route", internet=topology.internet_prefixes())
        owned.result()
        self._world.call("begin", seed=self._seed, names=self.internet.names)
        return self

    def _start(self, role: str) -> Agent:
        return Agent(role, self.engine.agent(role))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Make no more cages. The engine ends the nodes."""
        self._making.shutdown(cancel_futures=True)

    def expect(self, spec: GatewaySpec) -> None:
        """Begin to make a cage that will be wanted soon."""
        made = self._made.setdefault((spec.image, spec.install), [])
        made.append(self._making.submit(self._cage, spec))

    def _cage(self, spec: GatewaySpec) -> Cage:
        return self.engine.cage(spec.image, {str(spec.install): "755", **WRITABLE}, Limits())

    @contextlib.contextmanager
    def gateway(
        self, candidate: Candidate, sessions: Mapping[str, Subscriber]
    ) -> Iterator[Gateway]:
        """Run a candidate between the cables. NotJudged when it cannot be made to serve."""
        self.assert_here()
        spec = candidate.spec
        made = self._made.get((spec.image, spec.install))
        cage = made.pop(0).result() if made else self._cage(spec)
        ends = [
            {"name": "access", "pid": self._handsets.pid},
            {"name": "internet", "pid": self._world.pid},
        ]
        with contextlib.ExitStack() as ending:  # all of it, whatever of it fails
            ending.callback(self._world.call, "collect", last=True)
            ending.callback(cage.close)
            ending.callback(self._cabler.submit, "unplug", ends=ends)
            ending.callback(self._world.call, "forget")
            ending.callback(self._handsets.call, "hang_up")
            cables = topology.cabling(
                gateway=cage.pid,
                handsets=self._handsets.pid,
                world=self._world.pid,
                transparent_port=spec.transparent_port,
            )
            self._cabler.call("cable", **cables)
            self._world.call("record")
            if _store_port(candidate) is None:
                self._world.call("store_at", port=0, state="up")
            gateway = Gateway(candidate, cage, self._cabler, self._world)
            gateway.start(sessions)
            yield gateway

    def assert_here(self) -> None:
        """LabError when a node is lost: the lab is of no more use then."""
        for node in (self._cabler, self._handsets, self._world):
            node.assert_here()

    def know(self, names: Iterable[str]) -> None:
        """Give each name its address, and let the world's resolver answer with it."""
        if new := {name: self.internet.address(name) for name in names if name not in self._told}:
            self._world.call("learn", names=new)
            self._told.update(new)

    def answer_with(self, answers: Mapping[str, Answer]) -> None:
        """Let sites answer the requests with these tokens so, instead of with an ordinary page."""
        told = {token: asdict(answer) for token, answer in answers.items()}
        self._world.call("answer_with", answers=told)
        self._ordinarily = False

    def answer_ordinarily(self) -> None:
        """Let sites answer with ordinary pages again."""
        if not self._ordinarily:
            self._world.call("answer_ordinarily")
        self._ordinarily = True

    def exchanging(
        self,
        gateway: Gateway,
        connections: Sequence[Connection],
        *,
        concurrency: int = CONCURRENCY,
        patience: float = PATIENCE,
        pause: float = 0.0,
    ) -> Callable[[], list[Exchanged]]:
        """Have the handsets carry out the connections, each on its own. What is returned waits for
        what comes of it: one result for each."""
        trace.first("first request")
        plans = [_plan(gateway, connection, pause) for connection in connections]
        begun = self._handsets.submit(
            "exchange", plans=plans, concurrency=concurrency, timeout=patience
        )

        def result() -> list[Exchanged]:
            done = self._handsets.value_of(begun)
            return [Exchanged(tuple(one["responses"]), one["rest"], one["error"]) for one in done]

        return result

    def crossing(self, gateway: Gateway) -> Crossing:
        """What has crossed to the outside in the life of a gateway, which has been stopped."""
        store = _store_port(gateway.candidate)
        neighbour = topology.GATEWAY_INTERNET
        told = self._world.call("recorded", neighbour=neighbour, store=store)
        flows = [
            Flow(
                site=self.internet.name(one["destination"]),
                store=(one["protocol"], one["port"]) == (TCP, store),
                **one,
            )
            for one in told["flows"]
        ]
        unseen = [(self.internet.name(address), port) for address, port in told["unseen"]]
        sealed = [(self.internet.name(one), port, hello) for one, port, hello in told["sealed"]]
        return Crossing(flows, unseen, sealed, gateway.unasked(), told["doubt"])

    def recording(self, most: int) -> Iterator[bytes]:
        """The capture of the cable to the outside, its first `most` bytes: gzip, in parts. They can
        be had after another gateway has been started, until this is called again."""
        self._world.call("hold")
        return self._held(most)

    def _held(self, most: int) -> Iterator[bytes]:
        left = most
        while left > 0:
            part = self._world.call("recording", most=min(_PART, left))
            if not part["size"]:
                return
            yield part["data"]
            left -= part["size"]

    def receipts(self, last: bool = False) -> list[Receipt]:
        """What arrived anywhere since the last call."""
        collected = self._world.call("collect", last=last)
        self.internet.learn(collected["names"])
        return [
            Receipt(site=self.internet.name(one["address"]), **one) for one in collected["receipts"]
        ]


def _store_port(candidate: Candidate) -> int | None:
    sessions = candidate.spec.sessions
    return sessions.port if isinstance(sessions, RedisSessions) else None


def _plan(gateway: Gateway, connection: Connection, pause: float) -> dict[str, Any]:
    manner = connection.manner
    line = f"{connection.handset} {connection.requests[0].mode}"
    return {
        "source": connection.handset,
        "address": connection.address,
        "port": connection.port,
        "steps": _steps(gateway, connection),
        "pause": pause,
        "pieces": manner.pieces,
        "half_closes": manner.half_closes,
        "lingers": manner.lingers,
        "patience": manner.patience,
        "stays": line if manner.stays else "",
        "goes_on": line if manner.goes_on else "",
    }


def _steps(gateway: Gateway, connection: Connection) -> list[tuple[bytes, list[bytes]]]:
    """What is sent at once, each with the methods to whose answers the handset then listens."""
    steps: list[tuple[bytes, list[bytes]]] = []
    data, methods = connection.manner.preamble, list[bytes]()
    for index, (request, hidden) in enumerate(connection.with_hidden()):
        if index and not connection.pipelined:
            steps.append((data, methods))
            data, methods = b"", []
        data += _through_core(gateway, request, hidden)
        if connection.manner.awaits:
            methods.append(request.method)
    return [*steps, (data, methods)]


def _through_core(gateway: Gateway, request: Request, hidden: bytes) -> bytes:
    """What the packet core makes of a request with others hidden behind it: it knows a request by
    where the one before it ends, and what goes through a tunnel is none."""
    if request.hidden:
        return request.raw + hidden
    if request.method == b"CONNECT":
        return gateway.core(request.raw, request.handset) + hidden
    passed, left = b"", request.raw + hidden
    while left and (end := framing.request_end(left)):
        passed += gateway.core(left[:end], request.handset)
        left = left[end:]
    return passed + left if passed else gateway.core(left, request.handset)
