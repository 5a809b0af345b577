"""Which of a run's connections are sent once more to see what they enter."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest

from headgate.request import Connection

AIMED = "aimed"
_LETTERS = string.ascii_letters.encode()
# What names of hosts are made of: what else stands in one is told apart.
_USUAL = frozenset(string.ascii_letters.encode() + b"0123456789.-")
# Connections that are aimed, and others of all families.
MOST_AIMED, MOST_OTHERS = 1200, 400
# By then a family has sent all its kinds, and goes on with more of the same.
MOST_LOOKED_AT = 800


def sampled(
    sent: Iterable[Connection], rng: random.Random, most: int = MOST_OTHERS
) -> list[Connection]:
    """All that were aimed, in their order up to a bound, and of the other families those that
    differ in kind from all before them, and more in turn up to `most`; in random order. What takes
    its time, or goes on with an earlier connection, is left out."""
    families: dict[str, list[Connection]] = {}
    for one in _each_once(sent):
        if _stands_alone(one):
            families.setdefault(one.requests[0].family, []).append(one)
    aimed = families.pop(AIMED, [])[:MOST_AIMED]
    new = _new([one for found in families.values() for one in found[:MOST_LOOKED_AT]])
    others = [rng.sample(found, len(found)) for found in families.values()]
    turns = [one for turn in zip_longest(*others) for one in turn if one is not None]
    first = islice(_each_once([*new, *turns]), max(len(new), most))
    chosen = [*aimed, *first]
    return rng.sample(chosen, len(chosen))


def _new(some: Iterable[Connection]) -> list[Connection]:
    """Those of which something is of a kind that none before them has."""
    known: set[object] = set()
    new: list[Connection] = []
    for one in some:
        kinds = set(_kinds(one))
        if not kinds <= known:
            new.append(one)
            known |= kinds
    return new


def _form(target: bytes) -> bytes:
    """A slash, a scheme, or nothing, where it is a bare name."""
    scheme, colon, _ = target.partition(b"://")
    return scheme if colon and b"/" not in scheme else target[:1].strip(_LETTERS)


def _is_port(word: bytes) -> bool:
    """Whether it is no number, or one that a port can have."""
    return not word.isdigit() or (len(word) <= 5 and 0 < int(word) < 65536)


def _kinds(connection: Connection) -> Iterator[object]:
    """What kinds of things a config can tell apart in it: how it is carried out, what its requests
    look like, and what sites answer."""
    manner = connection.manner
    yield connection.port, bool(manner.preamble), manner.half_closes, manner.awaits
    yield connection.pipelined, manner.pieces > 1, len(connection.requests) > 1
    for one in connection.requests:
        message = one.message
        yield one.family, one.mode, _form(message.target)
        yield message.method, one.mode
        yield one.raw.partition(b"\n")[0].rpartition(b" ")[2]
        hosts = [field.value for field in message.fields if field.name.lower() == b"host"]
        yield one.family, len(hosts), bool(one.body), bool(one.forged)
        yield from (field.name.lower() for field in message.fields)
        authority = message.target.partition(b"://")[2].partition(b"/")[0]
        for place, names in (("host", hosts[:1]), ("second", hosts[1:2]), ("line", [authority])):
            name = b"".join(names)
            yield place, one.mode, len(hosts), frozenset(name) - _USUAL, name.strip(b" .") == b""
            yield place, one.mode, _is_port(name.rpartition(b":")[2])
        yield one.answer and one.answer.head.partition(b"\r")[0]


def _stands_alone(one: Connection) -> bool:
    """Whether it takes no time of its own, and goes on with no earlier connection."""
    return not (one.manner.lingers or one.manner.goes_on or one.manner.stays)


def _each_once(sent: Iterable[Connection]) -> Iterator[Connection]:
    """Connections that were sent again, as comparisons do, once."""
    known = set()
    for one in sent:
        if one.requests[0].token not in known:
            known.add(one.requests[0].token)
            yield one


def ordinary(
    sent: Iterable[Connection],
    handsets: Iterable[str],
    most: int,
    is_permitted: Callable[[str], bool],
    rng: random.Random,
) -> list[Connection]:
    """So many plain visits of these handsets, to permitted sites and to others in turn: of a
    gateway that asks its store for the first alone, the second would tell nothing. Those of one
    request come first, since a gateway that waits for its store does so at each request of a
    connection."""
    wanted = set(handsets)
    plain = [
        one
        for one in _each_once(sent)
        if one.handset in wanted and one.requests[0].binding and _stands_alone(one)
    ]
    rng.shuffle(plain)
    plain.sort(key=lambda one: len(one.requests))
    permitted = [one for one in plain if is_permitted(one.requests[0].host)]
    others = [one for one in plain if not is_permitted(one.requests[0].host)]
    turns = chain.from_iterable(zip_longest(permitted, others))
    return [one for one in turns if one is not None][:most]
