"""Random order for what is not all known yet."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

# Among how many it is drawn which is the next, and among how many the first is.
AMONG, AT_FIRST = 160, 32


def shuffled(things: Iterable[T], rng: random.Random) -> Iterator[T]:
    """In random order, though only so many are known at a time (few at first): the first are used
    while the last are drawn up."""
    known: list[T] = []
    for number, thing in enumerate(things):
        known.append(thing)
        if len(known) > min(AMONG, AT_FIRST + number // 2):
            yield known.pop(rng.randrange(len(known)))
    rng.shuffle(known)
    yield from known
