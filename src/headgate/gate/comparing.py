"""A gate's part in a comparison: the stage that it gives, and the witness that looks on."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.differential import Dependence, Differential
from headgate.disclosure import Disclosure
from headgate.gate.comparison import Comparison, Exchange, Stage, exchange_in
from headgate.gate.visit import Visit, together
from headgate.probes import fresh, probes
from headgate.request import Connection, Receipt, Request
from headgate.trial import Observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from headgate.gate.gate import Gate


def compared(gate: Gate, rng: random.Random, most: int | None) -> Visit:
    """What a gate sees of what depends on who holds an address, as `Gate.compare` says."""
    exchange = exchange_in(gate.population)
    connections = list(probes(gate.plan(), list(exchange.pairs)))[:most]
    visits: list[Visit] = []
    witness, stage = _witness(gate, connections, exchange), _stage(gate, visits, exchange)
    if most:
        stage = replace(stage, fresh=tuple)
    comparison = Comparison(connections, exchange, witness, stage, rng, any_will_do=bool(most))
    try:
        found = comparison.run()
    finally:
        sessions = gate.population.sessions
        gate.attach({address: sessions[address] for address in exchange.addresses})
    return together([*visits, _depending(gate, found, exchange)])


def _witness(gate: Gate, connections: Sequence[Connection], exchange: Exchange) -> Differential:
    def may_depend(request: Request, receipt: Receipt, name: bytes) -> bool:
        one, _ = exchange.pairs[request.handset]
        return gate.judge.may_depend(request, receipt, name, one)

    return Differential((one.requests[0] for one in connections), may_depend)


def _stage(gate: Gate, visits: list[Visit], exchange: Exchange) -> Stage:
    """The gate as a comparison sees it; what comes of its requests is put into `visits`."""
    plan, trial = gate.plan(), gate.trial

    def observe(act: Callable[[], Observation]) -> Observation:
        observed, visit = gate.observed(act)
        visits.append(visit)
        return observed

    return Stage(
        attach=gate.attach,
        send=lambda some: observe(lambda: trial.send(some, tries=1)),
        late=lambda: observe(lambda: trial.rest(last=False)),
        disclosed=lambda: [one for visit in visits for one in visit.disclosures],
        fresh=lambda: list(fresh(plan, list(exchange.pairs))),
    )


def _depending(gate: Gate, found: Iterable[Dependence], exchange: Exchange) -> Visit:
    depending: list[tuple[Request | None, Disclosure]] = [
        (one.request, disclosure)
        for one in found
        for disclosure in gate.judge.dependence(one, exchange.betrayed(one))
    ]
    gate.depend(depending)
    return Visit([], [disclosure for _, disclosure in depending])
