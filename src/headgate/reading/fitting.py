"""Who has to be there so that aims at addresses and numbers can be taken: both edges of a range,
and what lies just outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from headgate.reading.aim import Aim


def ends(network: str) -> tuple[int, int] | None:
    """The first and the last address, as integers, of a network, or of a range as `geo` writes it
    (`first-last`); None of anything else."""
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
    found = {}
    for aim in aims:
        if aim.prefix and aim.prefix.isdigit():
            found.update(dict.fromkeys(_numbers(aim.prefix, first, last)))
    return tuple(str(one) for one in found)


def _numbers(prefix: str, first: int, last: int) -> Iterator[int]:
    more = len(str(first)) - len(prefix)
    if more < 0:
        return
    low = max(int(prefix) * 10**more, first)
    high = min((int(prefix) + 1) * 10**more - 1, last)
    if low <= high:
        yield from (one for one in (low, high, low - 1, high + 1) if first <= one <= last)
