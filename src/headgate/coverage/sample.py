"""Which of a run's connections are sent once more to see what they enter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from headgate.request import Connection

AIMED = "aimed"
# Connections that are aimed, and others of all families.
MOST_AIMED, MOST_OTHERS = 1200, 500


def sampled(sent: Iterable[Connection], rng: random.Random) -> list[Connection]:
    """All that were aimed, in their order up to a bound, and of the other families in turn; in
    random order. What takes its time, or goes on with an earlier connection, is left out."""
    families: dict[str, list[Connection]] = {}
    for one in _each_once(sent):
        if not (one.manner.lingers or one.manner.goes_on or one.manner.stays):
            families.setdefault(one.requests[0].family, []).append(one)
    aimed = families.pop(AIMED, [])[:MOST_AIMED]
    others = [rng.sample(found, len(found)) for found in families.values()]
    turns = [one for turn in zip_longest(*others) for one in turn if one is not None]
    chosen = [*aimed, *turns[:MOST_OTHERS]]
    return rng.sample(chosen, len(chosen))


def _each_once(sent: Iterable[Connection]) -> Iterator[Connection]:
    """Connections that were sent again, as comparisons do, once."""
    known = set()
    for one in sent:
        if one.requests[0].token not in known:
            known.add(one.requests[0].token)
            yield one


def ordinary(sample: Sequence[Connection], handsets: Iterable[str], most: int) -> list[Connection]:
    """So many plain visits of these handsets among the sample."""
    wanted = set(handsets)
    plain = [one for one in sample if one.handset in wanted and one.requests[0].binding]
    return plain[:most]
