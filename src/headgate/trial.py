"""Sending requests through one gateway, and finding out what became of each.

Every request is accounted for: it arrived somewhere, or the gateway refused it, or it is unproved.
A request is recognised at a site by its token; where a gateway rewrites even that, by the number
of the receipt, which the site's answer carried back to the handset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from typing import NamedTuple

from headgate.agents import marks
from headgate.errors import NotJudged
from headgate.internet import normal
from headgate.lab.gateway import Gateway
from headgate.lab.lab import CONCURRENCY, PATIENCE, Exchanged, Lab
from headgate.numbers import Subscriber
from headgate.request import Connection, Outcome, Receipt, Request

# A gateway may limit rates and connections. What it refuses is tried again by fewer handsets at
# once and more slowly, (handsets, seconds between two requests of one), before it counts.
_SLOWER = ((32, 0.11), (8, 0.2), (2, 0.25))
_BUSY = (429, 503)
_FAILURES = (500, 502, 504)
# So many connections are carried out in one go, and so many batches at the same time: while they
# are under way, the one before them is judged, and the one behind them is drawn up.
_BATCH, _DEPTH = 96, 2
# The first batch is smaller: handsets begin while more is drawn up.
_FIRST_BATCH = 32
# A refusal that a first few slow tries do not mend is the gateway's will, not its limits; where
# that was so before, fewer tell.
_ENOUGH, _FEWER = 40, 8


@dataclass
class Observation:
    """What became of requests, and the receipts that belong to none of them."""

    outcomes: list[Outcome] = field(default_factory=list)
    strays: list[Receipt] = field(default_factory=list)

    def extend(self, other: Observation) -> None:
        self.outcomes += other.outcomes
        self.strays += other.strays


class Past(NamedTuple):
    """How many requests were sent, and how some of them, by their tokens: on which connection, with
    whom at their address and whether that could be known, in which time zone of the gateway."""

    sent: int
    connections: Mapping[str, Connection]
    state: Mapping[str, tuple[Subscriber | None, bool]]
    zones: Mapping[str, str]


class _Batch(NamedTuple):
    """Connections that handsets carry out now; `result` waits for what came of them."""

    connections: Sequence[Connection]
    result: Callable[[], Sequence[Exchanged]]


class _Landed(NamedTuple):
    """A batch that has been carried out, and what had arrived anywhere by then."""

    connections: Sequence[Connection]
    done: Sequence[Exchanged]
    receipts: Sequence[Receipt]


class Trial:
    """One gateway's requests. It remembers tokens, so that what arrives late finds its request;
    `connections` are all that were to be sent, in order."""

    def __init__(self, lab: Lab, gateway: Gateway) -> None:
        self._lab = lab
        self._gateway = gateway
        self._by_token: dict[bytes, Request] = {}
        self._routes: dict[str, Connection] = {}
        self._connections: dict[str, Connection] = {}
        self._hidden: dict[str, bytes] = {}
        self._state: dict[str, tuple[Subscriber | None, bool]] = {}
        self._zones: dict[str, str] = {}
        self._in_vain: set[float] = set()
        self._visits: dict[int, str] = {}
        self._sent = 0
        self.connections: list[Connection] = []
        self._wrote: dict[bytes, bool] = {}
        self._kept: list[Receipt] = []
        self._unjudged = Observation()

    @property
    def sent(self) -> int:
        """Requests so far; one that was sent on purpose twice counts twice."""
        return self._sent

    def send(self, connections: Iterable[Connection], tries: int = len(_SLOWER)) -> Observation:
        """Send these, and so many times more what was refused for want of room."""
        whole = Observation()
        for part in self.observe(connections, tries):
            whole.extend(part)
        return whole

    def observe(
        self, connections: Iterable[Connection], tries: int = len(_SLOWER)
    ) -> Generator[Observation, None, None]:
        """As `send`, in parts, each as soon as it is known: others are under way meanwhile, and
        the next ones are taken from `connections`."""
        self._routes = {}
        health, waiting = _Health(self._is_patient), Observation()
        batches = _batches(map(self._noted, connections))
        with closing(self._pass(batches, CONCURRENCY // _DEPTH, 0.0)) as parts:
            for part in parts:
                health.add(part.outcomes)
                settled = _without(part, waiting)
                try:
                    self._assert_serving(health)
                    if waiting.outcomes:
                        self._gateway.assert_running()
                except NotJudged:
                    self._unjudged.extend(settled)  # a number that was seen stays seen
                    self._unjudged.extend(waiting)
                    raise
                yield settled
        for concurrency, pause in _SLOWER[:tries]:
            self._again(waiting, concurrency, pause)
        self._lab.answer_ordinarily()
        yield waiting

    def _noted(self, connection: Connection) -> Connection:
        """One that is to be sent for the first time."""
        self._sent += len(connection.requests)
        self.connections.append(connection)
        for request in connection.requests:
            self._routes[request.token] = self._connections[request.token] = connection
        self._hidden |= {one.token: hidden for one, hidden in connection.with_hidden() if hidden}
        return connection

    def _assert_serving(self, health: _Health) -> None:
        """A gateway that has fallen silent is not waited for, request by request."""
        if health.silent * 2 > health.patient:
            raise NotJudged(
                f"does not answer: {health.silent} of {health.patient} requests "
                f"got nothing within {PATIENCE:.0f} seconds",
                self._gateway.log.last_lines(),
            )
        if health.failed >= _ENOUGH and not health.arrived:
            raise NotJudged(
                f"does not serve: none of {health.requests} requests reached a site "
                f"({health.failed} got status {health.status})",
                self._gateway.log.last_lines(),
            )

    def _is_patient(self, outcome: Outcome) -> bool:
        route = self._routes.get(outcome.request.token)
        return route is None or route.manner.patience is None

    def rest(self, last: bool = True) -> Observation:
        """What arrived after the last request was answered, or from a gateway that then ceased to
        serve. With `last`, messages that have not come to their end are taken as they are."""
        rest = self._attributed(_Landed([], [], self._lab.receipts(last=last)))
        rest.extend(self._unjudged)
        self._unjudged = Observation()
        return rest

    def _again(self, observed: Observation, concurrency: int, pause: float) -> None:
        """Try what was refused for want of room again, until a batch shows that it is no use."""
        waiting = [one for one in observed.outcomes if _wants_room(one)]
        silent = [one for one in waiting if one.error == "timeout"]
        if len(silent) > concurrency:  # not one lost on the way, but a gateway that hangs
            waiting = [one for one in waiting if one.error != "timeout"]
        enough = _FEWER if pause in self._in_vain else _ENOUGH
        while waiting:
            batch, waiting = waiting[:enough], waiting[enough:]
            tried = {
                one.request.token: _alone(self._routes[one.request.token], one.request)
                for one in batch
            }
            again = Observation()
            for part in self._pass([[*tried.values()]], concurrency, pause):
                again.extend(part)
            if not _mend(observed, again, tried):
                self._in_vain.add(pause)
                return
            enough *= 4

    def _pass(
        self, batches: Iterable[Sequence[Connection]], concurrency: int, pause: float
    ) -> Generator[Observation, None, None]:
        """Send each batch once; what came of one is given when the next are under way."""
        flying: deque[_Batch] = deque()
        try:
            for batch in batches:
                landed = self._landed(flying) if len(flying) == _DEPTH else None
                flying.append(self._started(batch, concurrency, pause))
                if landed:
                    yield self._attributed(landed, flying)
            while flying:
                landed = self._landed(flying)
                yield self._attributed(landed, flying)
        except GeneratorExit:
            for left in flying:
                left.result()  # nothing of it may be sent to the next gateway
            raise

    def _started(self, batch: Sequence[Connection], concurrency: int, pause: float) -> _Batch:
        requests = [request for one in batch for request in one.requests]
        for request in requests:
            self._by_token[_key(request.token)] = request
            holder = self._gateway.sessions.get(request.handset)
            self._state[request.token] = (holder, self._gateway.known)
            self._zones[request.token] = self._gateway.zone
        self._lab.know({request.host for request in requests if request.host})
        if answers := {one.token: one.answer for one in requests if one.answer}:
            self._lab.answer_with(answers)
        result = self._lab.exchanging(
            self._gateway, batch, concurrency=concurrency, patience=PATIENCE, pause=pause
        )
        return _Batch(batch, result)

    def _landed(self, flying: deque[_Batch]) -> _Landed:
        batch = flying.popleft()
        return _Landed(batch.connections, batch.result(), self._lab.receipts())

    def _attributed(self, landed: _Landed, flying: Iterable[_Batch] = ()) -> Observation:
        """Whose each receipt is. Of a batch that is under way not all is known yet: its receipts
        are kept, and so is what may turn out to be one of them."""
        connections, done = landed.connections, landed.done
        receipts = [*self._kept, *landed.receipts]
        under_way = {
            request.token
            for batch in flying
            for one in batch.connections
            for request in one.requests
        }
        answers = {
            request.token: answer
            for connection, exchanged in zip(connections, done, strict=True)
            for request, answer in _answers(connection, exchanged)
        }
        shown = {
            token: number
            for token, (response, _) in answers.items()
            if response and (number := marks.visit_in(response)) is not None
        }
        self._visits.update((receipt.number, receipt.site) for receipt in landed.receipts)
        visits = {number: token for token, number in shown.items()}
        arrived: dict[str, list[Receipt]] = {}
        strays = []
        self._kept = []
        for receipt in receipts:
            token = self._token_in(receipt.data) or visits.get(receipt.number)
            if token in under_way or (token is None and under_way):
                self._kept.append(receipt)
            elif token is None:
                strays.append(receipt)
            else:
                arrived.setdefault(token, []).append(receipt)
        for token in arrived:
            answers.setdefault(token, (None, "late"))
        outcomes = [
            self._outcome(token, answer, arrived.get(token, []), shown.get(token))
            for token, answer in answers.items()
        ]
        return Observation(outcomes, strays)

    def sent_with(self, token: str) -> Connection | None:
        """The connection that carried a request when it was sent first."""
        return self._connections.get(token)

    def held(self, token: str) -> tuple[Subscriber | None, bool]:
        """Who held the handset's address when a request was sent last, and whether the gateway
        could know it."""
        return self._state[token]

    def zone(self, token: str) -> str:
        """The time zone of the gateway when a request was sent last, empty for its own."""
        return self._zones[token]

    def past(self, tokens: Iterable[str]) -> Past:
        """How those of these requests were sent that were."""
        some = [token for token in tokens if token in self._state]
        return Past(
            self._sent,
            {token: self._connections[token] for token in some if token in self._connections},
            {token: self._state[token] for token in some},
            {token: self._zones[token] for token in some},
        )

    def recall(self, past: Past) -> None:
        """Know of what another trial has sent."""
        self._sent += past.sent
        self._connections |= past.connections
        self._state |= past.state
        self._zones |= past.zones

    def wrote(self, data: bytes) -> bool:
        """Whether a handset sent these bytes in some request."""
        if data not in self._wrote:
            self._wrote[data] = any(data in one.raw for one in self._by_token.values())
        return self._wrote[data]

    def _token_in(self, data: bytes) -> str | None:
        for word in marks.words(data):
            if request := self._by_token.get(word):
                return request.token
        return None

    def _outcome(
        self,
        token: str,
        answer: tuple[bytes | None, str | None],
        receipts: Sequence[Receipt],
        visit: int | None,
    ) -> Outcome:
        request = self._by_token[_key(token)]
        # A page of another site's is none that a cache may have kept for this one.
        kept_by = self._visits.get(visit) if visit is not None else None
        from_cache = not receipts and kept_by == normal(request.host)
        hidden = self._hidden.get(token, b"")
        return Outcome(request, *self._state[token], *answer, receipts, from_cache, hidden)


@dataclass
class _Health:
    """How a gateway has fared so far: counts of requests, of those whose handset waits as long as
    handsets do (`patient`) and of them that got nothing (`silent`); of those that `failed` without
    a reason, and the first one's `status`; whether any arrived anywhere."""

    is_patient: Callable[[Outcome], bool]
    requests: int = 0
    patient: int = 0
    silent: int = 0
    failed: int = 0
    status: int | None = None
    arrived: bool = False

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for one in outcomes:
            self.requests += 1
            if self.is_patient(one):
                self.patient += 1
                self.silent += one.error == "timeout" and one.known
            if one.arrived:
                self.arrived = True
            elif one.status in _FAILURES and _is_owed(one):
                self.failed += 1
                self.status = self.status or one.status


def _batches(connections: Iterable[Connection]) -> Iterator[Sequence[Connection]]:
    drawn = iter(connections)
    size = _FIRST_BATCH
    while batch := list(islice(drawn, size)):
        yield batch
        size = _BATCH


def _alone(connection: Connection, request: Request) -> Connection:
    """The same request on a connection of its own."""
    manner = replace(connection.manner, stays=False, goes_on=False)
    return replace(connection, requests=(request,), manner=manner)


def _key(token: str) -> bytes:
    """A token as it is looked up: a gateway may change its case."""
    return token.lower().encode()


def _answers(
    connection: Connection, exchanged: Exchanged
) -> Iterable[tuple[Request, tuple[bytes | None, str | None]]]:
    responses, begun = iter(exchanged.responses), exchanged.rest
    for request in connection.requests:
        response = None if request.hidden else next(responses, None)
        if response is not None:
            yield request, (response, None)
        else:
            yield request, (begun or None, exchanged.error or "closed")
            begun = b""


def _without(part: Observation, waiting: Observation) -> Observation:
    """The part without the requests that want room; they are put to those waiting."""
    wanting = [_wants_room(one) for one in part.outcomes]
    waiting.outcomes += compress(part.outcomes, wanting)
    return Observation(
        [one for one, wants in zip(part.outcomes, wanting, strict=True) if not wants], part.strays
    )


def _mend(observed: Observation, again: Observation, tried: Collection[str]) -> bool:
    """Put what a second try mended in its place, and what arrived meanwhile beside it."""
    mended = {
        one.request.token: one
        for one in again.outcomes
        if one.request.token in tried and not _wants_room(one)
    }
    observed.outcomes[:] = [mended.get(one.request.token, one) for one in observed.outcomes]
    observed.outcomes += [one for one in again.outcomes if one.request.token not in tried]
    observed.strays += again.strays
    return bool(mended)


def _is_owed(outcome: Outcome) -> bool:
    """Whether there is no reason for a gateway to fail with this request."""
    agreed = outcome.subscriber is not None and outcome.subscriber.consent
    return agreed and outcome.known and outcome.request.binding


def _wants_room(outcome: Outcome) -> bool:
    if outcome.arrived or not outcome.request.binding or not outcome.known:
        return False
    return outcome.status in _BUSY or (outcome.response is None and outcome.error != "late")
