"""Carrying a comparison out: the same requests while addresses are held by A, by B, by nobody."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from headgate.differential import (
    ALWAYS_THERE,
    FIRST_ROUNDS,
    FRESH,
    HOLDERS,
    MOST_ROUNDS,
    NOBODY,
    NOW_AND_THEN,
    A,
    B,
    Dependence,
    Differential,
    Suspicion,
    few,
    holders_for,
)
from headgate.disclosure import Disclosure
from headgate.feeds import Change
from headgate.numbers import Subscriber
from headgate.population import Population
from headgate.request import Connection, Receipt, Request
from headgate.traits import ORDER
from headgate.trial import Observation


@dataclass(frozen=True)
class Exchange:
    """Addresses with the two subscribers, A and B, who hold them in turn. Both have agreed, or
    both have not. `vacant` are the addresses that some of the others held before."""

    pairs: Mapping[str, tuple[Subscriber, Subscriber]]
    vacant: Sequence[str]

    @property
    def addresses(self) -> list[str]:
        return [*self.pairs, *self.vacant]

    def change(self, holder: str) -> Change:
        """Every address held by its A, by its B or by nobody. Nobody is at two addresses at once,
        so that what belongs to A shows at no moment that belongs to B."""
        held = {
            address: None if holder == NOBODY else pair[(A, B).index(holder)]
            for address, pair in self.pairs.items()
        }
        return {**held, **dict.fromkeys(self.vacant)}

    def betrayed(self, dependence: Dependence) -> Subscriber | None:
        """One of the subscribers whom it tells; None where it belongs to no handset's request."""
        if dependence.request is None:
            return None
        return self.pairs[dependence.request.handset][(A, B).index(dependence.holder)]


def exchange_in(population: Population) -> Exchange:
    """Agreed subscribers' addresses pass to those who held none; half of the refused ones' to the
    other half. Two agreed and one refused come in turn."""
    agreed = [
        (address, (one, other))
        for (address, one), other in zip(population.agreed.items(), population.spare, strict=False)
    ]
    half = len(population.refused) // 2
    addresses, people = list(population.refused), list(population.refused.values())
    refused = list(zip(addresses[:half], zip(people, people[half:], strict=False), strict=False))
    turns = zip(agreed[::2], agreed[1::2], refused, strict=False)
    return Exchange(dict(chain.from_iterable(turns)), addresses[half:])


@dataclass
class _Sent:
    """What one sending brought about so far; more of it may still be on the way."""

    step: int
    holder: str
    fresh: Mapping[str, Request]
    arrived: dict[str, list[Receipt]] = field(default_factory=dict)
    strays: list[Receipt] = field(default_factory=list)
    answers: dict[str, Receipt] = field(default_factory=dict)

    def extend(self, observed: Observation) -> None:
        for outcome in observed.outcomes:
            request = outcome.request
            self.arrived.setdefault(request.token, []).extend(outcome.receipts)
            if outcome.response is not None:
                self.answers[request.token] = _as_receipt(request.handset, outcome.response)
        self.strays += observed.strays


def _as_receipt(handset: str, response: bytes) -> Receipt:
    """A response, as what its handset has received."""
    return Receipt("response", f"the handset {handset}", handset, 0, response)


@dataclass(frozen=True)
class Stage:
    """What a comparison acts by. `send` sends connections, and judges what came of them as ever;
    `late` gives what arrived since; `disclosed` is what has been judged wrong with all that;
    `fresh` draws up visits to sites that were never visited before."""

    attach: Callable[[Change], None]
    send: Callable[[Sequence[Connection]], Observation]
    late: Callable[[], Observation]
    disclosed: Callable[[], Collection[Disclosure]]
    fresh: Callable[[], Sequence[Connection]] = tuple


class Comparison:
    """Sends the connections in steps, and learns from the witness what to send again."""

    def __init__(
        self,
        connections: Sequence[Connection],
        exchange: Exchange,
        witness: Differential,
        stage: Stage,
        rng: random.Random,
        *,
        any_will_do: bool = False,
    ) -> None:
        self._connections = connections
        self._exchange = exchange
        self._witness = witness
        self._stage = stage
        self._rng = rng
        self._any_will_do = any_will_do
        self._step = 0
        self._holder = ""
        self._sent: _Sent | None = None

    def run(self) -> list[Dependence]:
        """Two phases: one that suspects, and one that sends what is suspected again, until that is
        settled; where any dependence will do, until one is proven."""
        for _ in range(FIRST_ROUNDS):
            self._round(HOLDERS, self._connections, fresh=True)
        self._collect()
        standing = self._unexplained(self._witness.suspicions())
        for number in range(MOST_ROUNDS - FIRST_ROUNDS):
            if number == 1:
                standing = few(standing)
            if not (unsettled := self._witness.open(standing)):
                break
            self._ask_again(unsettled, number)
            standing = self._witness.standing(standing)
            if self._any_will_do and self._witness.dependences(standing):
                break
        return self._witness.dependences(standing)

    def _ask_again(self, unsettled: Sequence[Suspicion], number: int) -> None:
        tokens = self._witness.requests_of(unsettled)
        chosen = [one for one in self._connections if one.requests[0].token in tokens]
        seldom = number and not all(map(self._witness.always_there, unsettled))
        times = NOW_AND_THEN if seldom else ALWAYS_THERE
        # What ordinary visits may settle by themselves takes no fresh ones.
        settling = {
            one.trait.where for one in unsettled if one.group.kind != FRESH and one.between_two
        }
        fresh = any(
            one.group.kind == FRESH and one.trait.where not in settling for one in unsettled
        )
        self._round(holders_for(unsettled), chosen, times, fresh=fresh)
        self._collect()

    def _unexplained(self, suspicions: Sequence[Suspicion]) -> list[Suspicion]:
        """Those at places where nobody has read a number yet."""
        explained = {(one.request.rpartition("/")[2], one.where) for one in self._stage.disclosed()}
        lines = {token for token, where in explained if where.startswith("header ")}
        anywhere = {where for _, where in explained} | ({ORDER} if lines else set())

        def is_explained(one: Suspicion) -> bool:
            token, where = one.group.token, one.trait.where
            if one.group.kind == FRESH:
                return where in anywhere
            return (token, where) in explained or (where == ORDER and token in lines)

        return [one for one in suspicions if not is_explained(one)]

    def _round(
        self,
        holders: Collection[str],
        connections: Sequence[Connection],
        times: int = 1,
        *,
        fresh: bool,
    ) -> None:
        for holder in self._rng.sample(sorted(holders), len(holders)):
            self._hand_over(holder)
            for _ in range(times):
                self._collect()
                new = self._stage.fresh() if fresh else ()
                requests = {one.requests[0].token: one.requests[0] for one in new}
                self._sent = _Sent(self._step, holder, requests)
                together = [*connections, *new]
                self._sent.extend(self._stage.send(self._rng.sample(together, len(together))))
            self._step += 1

    def _hand_over(self, holder: str) -> None:
        if holder != self._holder:
            self._stage.attach(self._exchange.change(holder))
            self._holder = holder

    def _collect(self) -> None:
        """Give the witness all that has come of what was sent last."""
        if sent := self._sent:
            sent.extend(self._stage.late())
            self._witness.add(
                sent.step, sent.holder, sent.arrived, sent.strays, sent.answers, sent.fresh
            )
        self._sent = None
