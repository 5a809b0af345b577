"""How a finding is asked for again: by its request alone, perhaps at some hour, after its handset's
address has passed to somebody else, or by comparing what the request brings under two holders."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from headgate.explain.bench import Bench, Reply
from headgate.numbers import Subscriber
from headgate.population import FIRST_NUMBER, LAST_NUMBER, Population, imsi_of
from headgate.reading.aim import Aim
from headgate.reading.fitting import numbers_of
from headgate.request import Connection
from headgate.traits import Trait, traits

ANYBODY, _NUMBER, _PLACES = "anybody", "number of ", ("first", "last", "before", "behind")
NOBODY, WITHDRAWN, SPARE = "nobody", "withdrawn", "spare subscriber"
# What is there at each of so many sendings, and differs between two holders, is no chance.
SENDINGS = 3


@dataclass(frozen=True)
class Way:
    """`then` says who holds the address when it counts, empty for whoever does at first: nobody, a
    spare subscriber, or the same one, whose consent is withdrawn. `hour` is that of the gateway's
    clock, where it has to be another than its own."""

    then: str = ""
    compared: bool = False
    hour: int | None = None

    @property
    def plainly(self) -> bool:
        """Whether the request alone tells."""
        return not self.then and not self.compared


PLAIN = Way()


def name_of(population: Population, handset: str, holder: Subscriber | None) -> str | None:
    """What a holder is called in a way; None of one who has no name there. An address that nobody
    holds at the beginning can be given to anybody."""
    own = population.sessions.get(handset)
    if holder == own:
        return ""
    if holder is None:
        return NOBODY
    if own and replace(own, consent=holder.consent) == holder and not holder.consent:
        return WITHDRAWN
    if handset not in population.handsets:
        return f"{SPARE} 1"
    known = {one.msisdn: at for at, one in enumerate(population.spare, 1)}
    return f"{SPARE} {known[holder.msisdn]}" if holder.msisdn in known else None


def holder_called(population: Population, handset: str, name: str) -> Subscriber | None:
    """Who that is. ValueError for a name that nobody has."""
    own = population.sessions.get(handset)
    if name == NOBODY:
        return None
    if name == WITHDRAWN and own:
        return replace(own, consent=False)
    if not name.startswith(SPARE):
        raise ValueError(f"there is no holder {name}")
    return population.spare[int(name.removeprefix(SPARE)) - 1]


def guest_called(population: Population, name: str) -> Subscriber:
    """Somebody like a guest of this name. ValueError and IndexError for a name that nobody has."""
    if not name.startswith(_NUMBER):
        return population.spare[0]
    prefix, place = name.removeprefix(_NUMBER).split(", ")
    number = numbers_of(prefix, FIRST_NUMBER, LAST_NUMBER)[_PLACES.index(place)]
    return Subscriber(number, imsi_of(number, random.Random(number)))


def name_of_guest(aims: Sequence[Aim], guest: Subscriber) -> str:
    """What a guest is called: by where the number stands among those of a prefix that the config
    asks for, or else just anybody."""
    for prefix in dict.fromkeys(aim.prefix for aim in aims if aim.prefix):
        found = numbers_of(prefix, FIRST_NUMBER, LAST_NUMBER)
        if guest.msisdn in found:
            return f"{_NUMBER}{prefix}, {_PLACES[found.index(guest.msisdn)]}"
    return ANYBODY


def shown(
    bench: Bench, way: Way, some: Sequence[Connection], kind: str, where: str, tries: int = 1
) -> list[bool]:
    """Which of these connections show it."""
    bench.at_hour(way.hour)
    if way.compared:
        return _compared(bench, some, where)
    if way.then:
        bench.ask(some, tries)  # what a gateway keeps in mind, it has to have in mind
        holder = holder_called(bench.ground.population, some[0].handset, way.then)
        with bench.held_by({some[0].handset: holder}):
            return [one.shows(kind, where) for one in bench.ask(some, tries)]
    return [one.shows(kind, where) for one in bench.ask(some, tries)]


def _compared(bench: Bench, some: Sequence[Connection], where: str) -> list[bool]:
    one = _stable(bench, some, where)
    with bench.held_by({some[0].handset: bench.ground.population.spare[0]}):
        other = _stable(bench, some, where)
    return [a is not None and b is not None and a != b for a, b in zip(one, other, strict=True)]


def _stable(bench: Bench, some: Sequence[Connection], where: str) -> list[frozenset[Trait] | None]:
    """What each brings to this place at every sending; None where it does not arrive."""
    rounds = [[_traits(one, where) for one in bench.ask(some)] for _ in range(SENDINGS)]
    return [
        None if any(found is None for found in column)
        else frozenset.intersection(*(found for found in column if found is not None))
        for column in zip(*rounds, strict=True)
    ]  # fmt: skip


def _traits(reply: Reply, where: str) -> frozenset[Trait] | None:
    receipts = [receipt for one in reply.outcomes for receipt in one.receipts]
    if not receipts:
        return None
    found = (trait for receipt in receipts for trait in traits(receipt))
    return frozenset(trait for trait in found if trait.where == where)
