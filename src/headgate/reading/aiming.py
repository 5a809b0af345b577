"""From the branches of a config to what is sent at them."""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from string import ascii_lowercase

from headgate.candidate import Candidate
from headgate.lab.topology import POOL_SIZE, handset_address
from headgate.population import FIRST_NUMBER, LAST_NUMBER
from headgate.reading.aim import Aim
from headgate.reading.branches import branches
from headgate.reading.chunk import lua_of
from headgate.reading.config import read_config
from headgate.reading.fitting import ends
from headgate.reading.literal import Branch, Literal, Part, Test, Way, holds
from headgate.reading.samples import matching, nearly
from headgate.reading.shelf import shelf_of
from headgate.reading.span import Span

PER_WAY = 3
PER_BRANCH = 16
MOST_AIMS = 4000

# Of so many literals at most all that the lab has is held against a test, which takes 10 ms.
MOST_ASKED = 30
_SIZED = re.compile(r"\^\.\{([0-9]+)\}\$\Z")
_REGEXES = {Test.MATCHES, Test.MATCHES_CASELESS}
_OF_MANY = {*_REGEXES, Test.ENDS, Test.CONTAINS}
# What has no value that is only just wrong, or is reached beside its edge anyhow.
_NO_NEAR_PART = {Part.CHANCE, Part.CACHE, Part.STATUS, Part.CLOCK, Part.VERSION, Part.METHOD}
_NO_NEAR_PART |= {Part.BODY_SIZE, Part.HEAD_SIZE, Part.WHOLE_SIZE, Part.ANSWER_SIZE, Part.COUNT}
_NO_NEAR_TEST = {Test.PRESENT, Test.ABSENT, Test.OTHER, Test.MISMATCHES, Test.WITHIN}


def aims(found: Iterable[Branch], rng: random.Random) -> list[Aim]:
    """Aims at each branch: at first all that a way asks for together, for every branch; then each
    literal of a way alone; then ways that are missed by little. What asks for the same as an
    earlier one is left out. No branch gets more than `PER_BRANCH` of each of the three."""
    aiming = _Aiming(rng)
    rounds: tuple[list[Aim], list[Aim], list[Aim]] = ([], [], [])
    for branch in found:
        rounds[0].extend(aiming.few(aiming.together(branch)))
        rounds[1].extend(aiming.few(aiming.alone(branch)))
        rounds[2].extend(aiming.few(aiming.nearly(branch)))
    unique: dict[tuple[object, ...], Aim] = {}
    for aim in (*rounds[0], *rounds[1], *rounds[2]):
        unique.setdefault(aim.asks, aim)
    return list(islice(unique.values(), MOST_AIMS))


def aims_of(
    candidate: Candidate, rng: random.Random, image: Mapping[str, bytes] | None = None
) -> list[Aim]:
    """What the config of a candidate asks for. Raises `InputError` where it cannot be read."""
    shelf = shelf_of(candidate, image)
    config = read_config(shelf)
    return aims(branches(config, lua_of(config, shelf)), rng)


class _Aiming:
    """One drawing of aims; a regex has the same texts wherever it stands."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._texts: dict[tuple[Part, str, Test, str], list[str]] = {}
        self._asked = 0

    def few(self, made: Iterable[Aim]) -> Iterator[Aim]:
        """The first of those that ask for anything, each once."""
        nothing = Aim(Span("", 0, 0, 1, 1)).asks
        different = {aim.asks: aim for aim in made if aim.asks != nothing}
        return islice(different.values(), PER_BRANCH)

    def together(self, branch: Branch) -> Iterator[Aim]:
        for way in branch.ways:
            yield from self._fulfilled(branch.span, way)

    def alone(self, branch: Branch) -> Iterator[Aim]:
        for way in branch.ways:
            for literal in way if len(way) > 1 else ():
                yield from self._fulfilled(branch.span, (literal,))

    def nearly(self, branch: Branch) -> Iterator[Aim]:
        """Visits that fulfil all of a way but for one literal, which they miss by little."""
        for way in branch.ways:
            for missed in way:
                for value in self._missing(missed):
                    aim = Aim(branch.span, near=True).asking(missed, value)
                    for literal in way:
                        if literal is not missed and (values := self._values(literal)):
                            aim = aim.asking(literal, values[0])
                    yield aim

    def _fulfilled(self, span: Span, way: Way) -> Iterator[Aim]:
        offered = [self._values(literal) for literal in way]
        for turn in range(min(PER_WAY, max(map(len, offered), default=0))):
            aim = Aim(span)
            for literal, values in zip(way, offered, strict=True):
                if values:
                    aim = aim.asking(literal, values[turn % len(values)])
            yield aim

    def _values(self, literal: Literal) -> list[str]:
        """Texts that pass a literal's test."""
        key = literal.part, literal.name, literal.test, literal.value
        if key not in self._texts:
            self._texts[key] = list(self._drawn(literal))
        return self._texts[key]

    def _drawn(self, literal: Literal) -> Iterator[str]:
        test, value = literal.test, literal.value
        if literal.part in (Part.ADDRESS, Part.NUMBER) and test in _OF_MANY:
            yield from self._people(literal)
        elif test is Test.WITHIN and literal.part is not Part.ADDRESS:
            yield from _edges(value)
        elif test in (Test.EQUALS, Test.CASELESS, Test.WITHIN):
            yield value
        elif test in (Test.MATCHES, Test.MATCHES_CASELESS):
            yield from self._fitting(literal)
        elif test is Test.STARTS:
            yield from (f"{value}1", value)
        elif test in (Test.CONTAINS, Test.ENDS):
            before = "/" if literal.part is Part.PATH and value[:1] != "/" else ""
            yield before + (value if test is Test.CONTAINS else f"a{value}")
        elif test in (Test.ABOVE, Test.BELOW):
            yield from _beside(value, 1 if test is Test.ABOVE else -1)
        elif test is Test.PRESENT:
            yield from ("1", "on")
        elif test is Test.OTHER:
            yield from self._others(literal)

    def _fitting(self, literal: Literal) -> list[str]:
        """Texts for a regex that can stand where the literal wants them."""
        if sized := _SIZED.match(literal.value):
            return [self._of_size(int(sized[1]), literal.part)]
        caseless = literal.test is Test.MATCHES_CASELESS
        texts = matching(literal.value, self._rng, PER_WAY, caseless=caseless)
        if literal.part is Part.HOST:  # of which the text may be the beginning
            whole = [f"{text}example" if text.endswith(".") else text for text in texts]
            return [one for one in whole if holds(literal.test, literal.value, one)] or texts
        if literal.part is not Part.PATH:
            return texts
        tried = (one for text in texts for one in (text, f"/{text}", f"/a{text}"))
        return [one for one in tried if one[:1] == "/" and holds(literal.test, literal.value, one)]

    def _of_size(self, size: int, part: Part) -> str:
        text = "".join(self._rng.choices(ascii_lowercase, k=size))
        return f"/{text[1:]}" if part is Part.PATH else text

    def _people(self, literal: Literal) -> list[str]:
        """Networks that a regex for addresses spells; else some of those in the lab that pass."""
        address = literal.part is Part.ADDRESS
        spelled = self._fitting(literal) if address and literal.test in _REGEXES else []
        if networks := [one for one in spelled if ends(one)]:
            return networks
        if self._asked == MOST_ASKED:
            return []
        self._asked += 1
        every = _pool() if address else _numbers()
        passing = (one for one in every if holds(literal.test, literal.value, one))
        return list(islice(passing, PER_WAY))

    def _others(self, literal: Literal) -> Iterator[str]:
        if literal.part is Part.METHOD:
            yield from (one for one in ("GET", "POST", "PUT") if one != literal.value)
        else:
            yield from nearly(literal.value, self._rng)[:1]

    def _missing(self, literal: Literal) -> list[str]:
        """Texts that fail a literal's test by little."""
        test, value = literal.test, literal.value
        if literal.part in _NO_NEAR_PART or test in _NO_NEAR_TEST:
            return []
        if test in (Test.ABOVE, Test.BELOW):
            return [value]
        near = (one for text in self._values(literal)[:1] for one in nearly(text, self._rng))
        return [one for one in near if not holds(test, value, one)][:2]


@cache
def _pool() -> Sequence[str]:
    return [handset_address(index) for index in range(POOL_SIZE)]


@cache
def _numbers() -> Sequence[str]:
    return [str(one) for one in range(FIRST_NUMBER, LAST_NUMBER + 1)]


def _edges(network: str) -> Iterator[str]:
    """The first and the last address of a network, where a visit names one."""
    yield from (str(ipaddress.IPv4Address(one)) for one in dict.fromkeys(ends(network) or ()))


def _beside(value: str, step: int) -> Iterator[str]:
    try:
        yield str(int(float(value)) + step)
    except (ValueError, OverflowError):
        return
