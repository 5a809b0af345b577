"""Who has to be there so that aims at addresses and numbers can be taken: both edges of a range,
and what lies just outside."""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from headgate.lab.topology import POOL, POOL_SIZE, handset_address
from headgate.numbers import Subscriber
from headgate.population import DRAWN_NUMBERS, FIRST_NUMBER, LAST_NUMBER, imsi_of
from headgate.reading.aim import Aim

# So many guests at most: each takes a place in the feed, and its number in the detector.
MOST_GUESTS = 64
MOST_DRAWS = 10_000
_BEGINNING = re.compile(r"(?:[0-9]{1,3}\.){1,3}\Z")


def guests(
    aims: Sequence[Aim], there: Mapping[str, Subscriber], taken: Collection[str], rng: random.Random
) -> dict[str, Subscriber]:
    """Subscribers who come for the aims' sake, by their addresses: on the edges of networks that
    are smaller than the pool, and with numbers as their prefixes want them.

    `there` are those who are attached; `taken` are further addresses and numbers.
    """
    held = {*taken, *(one.msisdn for one in there.values())}
    used = {*taken, *there}
    inner = [aim for aim in aims if aim.network and not _is_whole(aim.network)]
    places = [one for one in addresses(inner, POOL) if one not in used][:MOST_GUESTS]
    wanted = [*guests_numbers(aims, held)]
    count = max(len(places), len(wanted))
    places += _others(
        count - len(places), {*used, *places}, lambda: handset_address(rng.randrange(POOL_SIZE))
    )
    wanted += _others(
        count - len(wanted),
        {*held, *wanted},
        lambda: str(rng.choice(DRAWN_NUMBERS)),
    )
    return {
        place: Subscriber(number, imsi_of(number, rng))
        for place, number in zip(places, wanted, strict=False)
    }


def guests_numbers(aims: Sequence[Aim], held: Collection[str]) -> Sequence[str]:
    """The numbers that guests come with for the aims' sake, where nobody has them yet."""
    found = [one for one in numbers(aims, FIRST_NUMBER, LAST_NUMBER) if one not in held]
    return found[:MOST_GUESTS]


def agreeing(aims: Sequence[Aim], refused: Mapping[str, Subscriber]) -> dict[str, Subscriber]:
    """Of those who have not agreed the ones whose very numbers the aims want, as if they had."""
    wanted = set(numbers(aims, FIRST_NUMBER, LAST_NUMBER))
    return {
        address: replace(one, consent=True)
        for address, one in refused.items()
        if one.msisdn in wanted
    }


def _is_whole(network: str) -> bool:
    """Whether the whole pool of handsets lies in a network."""
    edges, pool = ends(network), ends(POOL)
    return bool(edges and pool and edges[0] <= pool[0] and pool[1] <= edges[1])


def _others(count: int, but: set[str], draw: Callable[[], str]) -> Iterator[str]:
    """So many more, each once; fewer, where there are hardly any left."""
    for _ in range(MOST_DRAWS if count > 0 else 0):
        one = draw()
        if one not in but:
            but.add(one)
            yield one
            count -= 1
        if not count:
            return


def ends(network: str) -> tuple[int, int] | None:
    """The first and the last address, as integers, of a network, of a range as `geo` writes it
    (`first-last`), or of all that begin with some whole octets (`100.64.7.`); None of anything
    else."""
    if _BEGINNING.match(network):
        octets = network.count(".")
        network = f"{network}{'.'.join('0' * (4 - octets))}/{8 * octets}"
    first, _, last = network.partition("-")
    try:
        if last:
            return int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last))
        found = ipaddress.IPv4Network(network, strict=False)
    except ValueError:
        return None
    return int(found.network_address), int(found.broadcast_address)


def addresses(aims: Iterable[Aim], pool: str) -> tuple[str, ...]:
    """Addresses of a pool that aims at networks want: the edges inside, and those next to them
    outside; each once, in the order of the aims."""
    low, high = ends(pool) or (0, -1)
    found = {}
    for aim in aims:
        for first, last in [edges] if aim.network and (edges := ends(aim.network)) else []:
            inside = (max(first, low), min(last, high))
            wanted = (*inside, first - 1, last + 1) if inside[0] <= inside[1] else ()
            found.update(dict.fromkeys(one for one in wanted if low <= one <= high))
    return tuple(str(ipaddress.IPv4Address(one)) for one in found)


def numbers(aims: Iterable[Aim], first: int, last: int) -> tuple[str, ...]:
    """Numbers of a range that aims at prefixes want: the first and the last that begin so, and
    those next to them that do not; each once."""
    found: dict[str, None] = {}
    for aim in aims:
        if aim.prefix and aim.prefix.isdigit():
            places = numbers_of(aim.prefix, first, last)
            found.update(dict.fromkeys(one for one in places if first <= int(one) <= last))
    return tuple(found)


def numbers_of(prefix: str, first: int, last: int) -> tuple[str, ...]:
    """The first and the last number of a range that begin so, the one before these and the one
    behind, which may lie outside of it; none, where none begins so."""
    more = len(str(first)) - len(prefix)
    if more < 0:
        return ()
    low = max(int(prefix) * 10**more, first)
    high = min((int(prefix) + 1) * 10**more - 1, last)
    return tuple(map(str, (low, high, low - 1, high + 1))) if low <= high else ()
