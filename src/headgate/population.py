"""The subscribers and handsets of a run, drawn by its seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from headgate.browser import Browser, dealt
from headgate.lab.topology import POOL_SIZE, handset_address
from headgate.numbers import Subscriber

# Ofcom's numbers for drama, 07700 900000 to 900999, and the test network 001 01 (ITU-T E.212).
FIRST_NUMBER, LAST_NUMBER = 447700900000, 447700900999
# Backwards the national form of each is within the other: 07700900774 and 4(47700900770). A site
# that rightly gets the one would seem to learn the other.
_ALIKE_BACKWARDS = frozenset({447700900770, 447700900774})
DRAWN_NUMBERS = tuple(
    one for one in range(FIRST_NUMBER, LAST_NUMBER + 1) if one not in _ALIKE_BACKWARDS
)
_TEST_NETWORK = "00101"

# Where an off-by-one in a prefix length or a lookup shows: the edges of the pool and of its
# octets, and both sides of its middle.
_EDGES = (0, 1, 255, 256, POOL_SIZE // 2 - 1, POOL_SIZE // 2, POOL_SIZE - 2, POOL_SIZE - 1)


@dataclass(frozen=True)
class Population:
    """Who holds which address when a run begins, and who else there is.

    `agreed` and `refused` map a handset's address to its subscriber, by consent; `nobody` are
    addresses without one. `spare` subscribers hold no address, and `strangers` are numbers that
    belong to nobody in the lab: what a handset may make up. `browsers` are those of the handsets.
    """

    agreed: dict[str, Subscriber]
    refused: dict[str, Subscriber]
    nobody: tuple[str, ...]
    spare: tuple[Subscriber, ...]
    strangers: tuple[Subscriber, ...]
    browsers: Mapping[str, Browser] = field(default_factory=dict, repr=False)

    def joined_by(self, guests: Mapping[str, Subscriber]) -> Population:
        """The same people, and others who have agreed at further addresses, or at those of some who
        have not."""
        refused = {at: one for at, one in self.refused.items() if at not in guests}
        return replace(self, agreed={**self.agreed, **guests}, refused=refused)

    @property
    def handsets(self) -> tuple[str, ...]:
        """The addresses of them all."""
        return (*self.agreed, *self.refused, *self.nobody)

    @property
    def sessions(self) -> dict[str, Subscriber]:
        return {**self.agreed, **self.refused}

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Everyone whose number must be found if it shows."""
        return (*self.sessions.values(), *self.spare)


def populate(
    rng: random.Random, *, agreed: int, refused: int, nobody: int, spare: int, strangers: int
) -> Population:
    """Draw a population of these sizes (at most 998 numbers in all)."""
    people = _people(rng)
    addresses = _addresses(rng)

    def attached(count: int, *, consent: bool) -> dict[str, Subscriber]:
        return {next(addresses): _someone(people, consent) for _ in range(count)}

    population = Population(
        agreed=attached(agreed, consent=True),
        refused=attached(refused, consent=False),
        nobody=tuple(next(addresses) for _ in range(nobody)),
        spare=tuple(_someone(people, True) for _ in range(spare)),
        strangers=tuple(_someone(people, True) for _ in range(strangers)),
    )
    browsers = dict(zip(population.handsets, dealt(rng), strict=False))
    return replace(population, browsers=browsers)


def _someone(people: Iterator[tuple[str, str]], consent: bool) -> Subscriber:
    msisdn, imsi = next(people)
    return Subscriber(msisdn, imsi, consent)


def _people(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Numbers and IMSIs in random order, the first and the last of the range among the first."""
    first, *middle, last = DRAWN_NUMBERS
    rng.shuffle(middle)
    for number in (first, last, *middle):
        yield str(number), imsi_of(str(number), rng)


def imsi_of(msisdn: str, rng: random.Random) -> str:
    """An IMSI that no other number of the range has."""
    return f"{_TEST_NETWORK}{msisdn[-3:]}{rng.randrange(10**7):07}"


def _addresses(rng: random.Random) -> Iterator[str]:
    """Addresses all over the pool in random order, its edges among the first."""
    rest = [index for index in rng.sample(range(POOL_SIZE), 4096) if index not in _EDGES]
    first = [*_EDGES, *rest[:24]]
    rng.shuffle(first)
    for index in (*first, *rest[24:]):
        yield handset_address(index)
