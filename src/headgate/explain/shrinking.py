"""The least of a connection that shows a finding again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from headgate.explain.ddmin import ddmin
from headgate.explain.parts import parts_of
from headgate.request import ORDINARILY, Connection, Request

# Of more requests than this it is their number that matters, if anything.
_FEW = 6

Shows = Callable[[Sequence[Connection]], Sequence[bool]]
"""Which of these connections show it."""


def shrunk(connection: Connection, shows: Shows) -> Connection:
    """The last request alone, where that is enough, or the fewest; of each the fewest parts."""
    if len(connection.requests) > _FEW and not shows([_first(connection, 1)])[0]:
        return bare(_shortest(connection, shows), shows)
    connection = _fewest_requests(connection, shows)
    plain = replace(connection, manner=ORDINARILY)
    if connection.manner != ORDINARILY and shows([plain])[0]:
        connection = plain
    for at in range(len(connection.requests)):
        connection = _fewest_parts(connection, at, shows)
    return connection


def _first(connection: Connection, count: int) -> Connection:
    return replace(connection, requests=connection.requests[:count])


def _shortest(connection: Connection, shows: Shows) -> Connection:
    """The fewest requests from the first one on."""
    low, high = 1, len(connection.requests)
    while low + 1 < high:
        middle = (low + high) // 2
        if shows([_first(connection, middle)])[0]:
            high = middle
        else:
            low = middle
    return _first(connection, high)


def bare(connection: Connection, shows: Shows) -> Connection:
    """The same without all that can be left out, where that is enough."""
    requests = [replace(one, raw=parts_of(one.raw).rendered([])) for one in connection.requests]
    without = replace(connection, requests=tuple(requests))
    return without if shows([without])[0] else connection


def _fewest_requests(connection: Connection, shows: Shows) -> Connection:
    if len(connection.requests) == 1:
        return connection

    def trial(kept: Sequence[Request]) -> Connection:
        return replace(connection, requests=tuple(kept) or connection.requests[:1])

    kept = ddmin(connection.requests, lambda some: shows([trial(one) for one in some]))
    return trial(kept)


def _fewest_parts(connection: Connection, at: int, shows: Shows) -> Connection:
    parts = parts_of(connection.requests[at].raw)

    def trial(kept: Sequence[str]) -> Connection:
        requests = list(connection.requests)
        requests[at] = replace(requests[at], raw=parts.rendered(kept))
        return replace(connection, requests=tuple(requests))

    kept = ddmin(parts.units, lambda some: shows([trial(one) for one in some]))
    return trial(kept)
