"""The requests of the differential witness: few, of all ordinary kinds, and the same each time.

They are no family: a family's requests are sent once, and these again and again while their
addresses pass from one subscriber to another (`differential.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from headgate.families.misbehaving import page
from headgate.plan import COOKIE, Plan
from headgate.request import EXPLICIT, Connection

PROBES = "compared"

# What ordinary requests differ in, and what a gateway may look at. Most are plain visits.
_KINDS: tuple[dict[str, object], ...] = (
    {},
    {"method": "POST", "body": b"q=summer&page=2"},
    {},
    {"token_in": COOKIE},
    {"headers": [("Referer", "http://www.bing.com/"), ("X-Requested-With", "com.app.news")]},
    {"method": "HEAD"},
    {},
    {"version": "1.0"},
    {"method": "OPTIONS"},
    {"headers": [("Range", "bytes=0-1023")], "path": "/video.mp4"},
    {"answer": page(b"502 Bad Gateway")},
    {"answer": page(b"404 Not Found")},
    {"answer": replace(page(b"200 OK"), cut=0)},
    {"answer": page(b"302 Found", b"Location: /?id={token}")},
)
_ORDINARY = 26
_SITES, _VISITS = 2, 2
# So many handsets go to so many new sites each time that all is sent.
_ELSEWHERE, _NEW_SITES = 8, 2


def probes(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    """About 28 requests to ordinary sites, and a few to permitted ones; a visitor each, in turn."""
    turn, ways, kinds = cycle(visitors), cycle(plan.modes), cycle(_KINDS)
    for host in (*plan.ordinary_hosts(_ORDINARY), plan.ordinary_address()):
        yield plan.connection(PROBES, next(turn), host, mode=next(ways), **next(kinds))  # type: ignore[arg-type]
    if EXPLICIT in plan.modes:
        host = plan.ordinary_hosts(1)[0]
        yield plan.connection(PROBES, next(turn), host, mode=EXPLICIT, port=8080)
    for site in plan.rng.sample(plan.sites, min(_SITES, len(plan.sites))):
        for mode in plan.modes:
            for _ in range(_VISITS):
                yield plan.visit(PROBES, next(turn), plan.place_of(site, mode))


def fresh(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    """Visits of a few, always the same handsets to ordinary sites that are drawn anew."""
    ways = cycle(plan.modes)
    for handset in visitors[:_ELSEWHERE]:
        for host in plan.ordinary_hosts(_NEW_SITES):
            yield plan.connection(PROBES, handset, host, mode=next(ways))
