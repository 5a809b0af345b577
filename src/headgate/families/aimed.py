"""Visits drawn from the config's own text: every literal that it compares something with.

Each aim (`reading.aim`) is taken to a permitted and to an ordinary site, on each of the two ways;
one that names a host goes there. What has to be repeated goes to these in turn, and as often as it
takes for those who have agreed, and for the sites of one kind alone. A run of the family sends at
most `MOST_ONCE` requests and `MOST_REPEATED` repetitions: aims come in the order of their worth,
and the last ones are left out.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, islice

from headgate.answer import Answer
from headgate.families import Family
from headgate.gateway_spec import HeaderSessions
from headgate.internet import literal
from headgate.lab.topology import is_internet
from headgate.plan import COOKIE, QUERY, Page, Place, Plan
from headgate.reading.aim import Aim
from headgate.reading.fitting import ends
from headgate.request import TRANSPARENT, Connection, Manner, Request

MOST_ONCE = 800
MOST_REPEATED = 3600
ON_ONE_CONNECTION = 100
LONGEST_LINE = 1000
# Of visits that chance decides on so many are made by those who have agreed, to one by another. In
# step with no number of places, or the others would come to one of these alone.
AGREED_TO_ONE = 4

_ORDINARY_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
_REASONS = {404: b"Not Found", 500: b"Internal Server Error", 503: b"Service Unavailable"}
_MANNER = Manner(patience=2.0)
_CACHED = b"Cache-Control: public, max-age=60"
_PADDING = b"\r\nX-Requested-For: "


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    once, again = MOST_ONCE, MOST_REPEATED
    for aim in plan.aims:
        fitting = _visitors(plan, aim, visitors)
        if aim.repeat == 1 and once > 0:
            places = _places(plan, aim)
            once -= len(places)
            yield from map(partial(_visit, plan, aim), cycle(fitting), places)
        elif 1 < (times := _times(aim)) <= again:
            again -= times
            yield from _repeated(plan, fitting, aim, times)


def _times(aim: Aim) -> int:
    """How often an aim is sent. What chance decides on shows, as a rule, at places of one kind
    only, and for those who have agreed: there alone it is sent as often as it asks."""
    if aim.repeat == 1 or aim.counted or aim.cached:
        return aim.repeat
    return math.ceil(aim.repeat * 2 * (AGREED_TO_ONE + 1) / AGREED_TO_ONE)


def _visitors(plan: Plan, aim: Aim, visitors: Sequence[str]) -> list[str]:
    """Those whom an aim is for, if there are any; all of them, in random order, if not. Of a
    network, the first and the last are the first."""
    found = [one for one in visitors if _fits(plan, aim, one)]
    if not found or aim.network is None:
        return plan.rng.sample(found or list(visitors), len(found or visitors))
    found.sort(key=ipaddress.ip_address)
    return [found[0], found[-1], *plan.rng.sample(found[1:-1], len(found[1:-1]))]


def _fits(plan: Plan, aim: Aim, handset: str) -> bool:
    subscriber = plan.population.sessions.get(handset)
    prefix = aim.prefix or _of_core(plan, aim)
    if prefix and not (subscriber and subscriber.msisdn.startswith(prefix)):
        return False
    return aim.network is None or _is_in(handset, aim.network)


def _of_core(plan: Plan, aim: Aim) -> str:
    """How a number begins that the packet core has to put into its header."""
    values = [value for name, value in aim.headers if name.lower() == _core(plan)]
    digits = re.search(r"[1-9][0-9]{3,14}", values[0]) if values else None
    return digits[0] if digits else ""


def _core(plan: Plan) -> str:
    """The packet core's header, which no handset can send; empty where there is none."""
    sessions = plan.spec.sessions
    return sessions.name.lower() if isinstance(sessions, HeaderSessions) else ""


def _is_in(address: str, network: str) -> bool:
    """Whether an address is in a network, or in a range as `geo` writes it (`first-last`)."""
    edges = ends(network)
    return edges is not None and edges[0] <= int(ipaddress.ip_address(address)) <= edges[1]


def _places(plan: Plan, aim: Aim) -> list[Place]:
    """Where an aim is taken, on each way: to its host, or to a permitted and an ordinary site."""
    if aim.host is None:
        return [_at(plan, place, aim) for place in plan.places(1, 1)]
    site = plan.policy.site_for(aim.host)
    path = plan.path_in(site if plan.rng.random() < 0.7 else None)
    ways = plan.modes
    return [_at(plan, Place(aim.host, path, plan.port_of(site, way), way), aim) for way in ways]


def _at(plan: Plan, place: Place, aim: Aim) -> Place:
    """The place with the path and the query that are aimed at."""
    path: str = place.path if aim.path is None else aim.path
    pairs = [*([aim.query] if aim.query else []), *(f"{n}={v}" for n, v in aim.arguments)]
    if pairs:
        path += ("&" if "?" in path else "?") + "&".join(pairs)
    return place._replace(path=path)


def _visit(plan: Plan, aim: Aim, handset: str, place: Place) -> Connection:
    words = _words(plan, place, aim)
    if place.mode == TRANSPARENT and _leads_nowhere(place.host):
        # Connections to it would not come to the gateway: it is what the request says, no more.
        words["host_header"] = place.host
        place = place._replace(host=plan.ordinary_hosts(1)[0])
    visit = plan.visit(FAMILY.id, handset, place, manner=_MANNER, **words)
    if not aim.whole_size:
        return visit
    (request,) = visit.requests
    return replace(visit, requests=(replace(request, raw=_padded(request.raw, aim.whole_size)),))


def _padded(raw: bytes, size: int) -> bytes:
    """A request whose line and header have this size together, by lines that fit into any
    gateway's buffers."""
    head, end, body = raw.partition(b"\r\n\r\n")
    while (left := size - len(head) - len(end)) > len(_PADDING):
        head += _PADDING + b"p" * (min(left, LONGEST_LINE) - len(_PADDING))
    return head + end + body


def _words(plan: Plan, place: Place, aim: Aim) -> dict[str, object]:
    """What an aim says of the request itself, as the plan takes it."""
    headers = [(name, value) for name, value in aim.headers if name.lower() != _core(plan)]
    if aim.cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in aim.cookies)))
    if aim.head_size:
        headers.append(("X-Requested-For", "p" * aim.head_size))
    form = "&".join(f"{name}={value}" for name, value in aim.fields)
    body = form.encode().ljust(aim.body_size or 0, b"x")
    method = aim.method or ("POST" if body else "GET")
    answer = _answer(aim)
    # The token takes a place of its own: one in the path would lead to another page.
    return {
        "method": method,
        "version": aim.version or "1.1",
        "headers": headers,
        "body": body,
        "forged": [value for name, value in headers if plan.policy.stripped(name.encode())],
        "answer": answer,
        "token_in": _token_in(plan, place, aim, answer, headers),
        "binding": _binds(aim, method),
        # The config may well say that it is for the gateway itself, or for nobody.
        "refusable": True,
    }


def _token_in(
    plan: Plan,
    place: Place,
    aim: Aim,
    answer: Answer | None,
    headers: Sequence[tuple[str, str]],
) -> str | None:
    if isinstance(place.path, Page) and not aim.cached:
        return None
    cookies = any(name.lower() == "cookie" for name, _ in headers)
    free = not (answer or cookies or plan.policy.stripped(b"cookie"))
    return COOKIE if free and (aim.query or plan.rng.random() < 0.5) else QUERY


def _binds(aim: Aim, method: str) -> bool:
    """Whether a gateway has to serve it: what is large or broken off may be refused, and what
    leads to no site."""
    sized = aim.body_size or aim.head_size or aim.whole_size or aim.answer_size
    upgrade = any(name.lower() == "upgrade" for name, _ in aim.headers)  # may carry it, need not
    if sized or upgrade or _leads_nowhere(aim.host):
        return False
    return method in _ORDINARY_METHODS and _is_name(aim.host)


def _leads_nowhere(host: str | None) -> bool:
    """Whether it is an address that no site has: the carrier's own, or nobody's."""
    address = literal(host or "")
    return address is not None and not is_internet(address)


def _is_name(host: str | None) -> bool:
    labels = (host or "a").removesuffix(".").split(".")
    return all(0 < len(label) < 64 for label in labels) and len(host or "") < 255


def _answer(aim: Aim) -> Answer | None:
    """What the site answers, where that matters: a status, a size, a page to keep."""
    if not (aim.status or aim.answer_size or aim.cached or aim.answer_headers):
        return None
    status = aim.status or 200
    reason = _REASONS.get(status, b"OK" if status == 200 else b"Error")
    lines = [b"HTTP/1.1 %d %s" % (status, reason), b"Content-Type: text/html"]
    if aim.cached:
        lines.append(_CACHED)
    lines += [f"{name}: {value}".encode("latin-1") for name, value in aim.answer_headers]
    if 300 <= status < 400:
        lines.append(b"Location: /?id={token}")
    size = aim.answer_size or 0
    return Answer(b"\r\n".join(lines), b"<!-- {visit} -->".ljust(size, b"."), once=status >= 300)


def _repeated(plan: Plan, visitors: Sequence[str], aim: Aim, times: int) -> Iterator[Connection]:
    """An aim many times: in turn to its places, on one connection where one worker is to count
    them, to one page of each place where a cache is to keep it."""
    single = replace(aim, repeat=1)
    places = _places(plan, single)
    if aim.counted:
        # Where nobody may learn a number, the one visit that is different tells.
        silent = [place for place in places if plan.policy.site_for(place.host) is None]
        place = plan.rng.choice(silent or places)
        yield from _counted(plan, visitors[0], place, single, times)
        return
    turn = cycle(visitors) if aim.cached else _mostly_agreed(plan, visitors)
    for number in range(times):
        if not aim.cached and number and number % len(places) == 0:
            places = _places(plan, single)
        yield _visit(plan, single, next(turn), places[number % len(places)])


def _mostly_agreed(plan: Plan, visitors: Sequence[str]) -> Iterator[str]:
    """These in turn for ever, most of the time those who have agreed."""
    sessions = plan.population.sessions
    agreed = [one for one in visitors if one in sessions and sessions[one].consent]
    others = [one for one in visitors if one not in agreed]
    if not (agreed and others):
        yield from cycle(visitors)
    turn, other = cycle(agreed), cycle(others)
    while True:
        yield from islice(turn, AGREED_TO_ONE)
        yield next(other)


def _counted(plan: Plan, handset: str, place: Place, aim: Aim, times: int) -> Iterator[Connection]:
    """So many requests, as many as may be on each connection."""
    host = place.host if place.port == 80 else f"{place.host}:{place.port}"
    for start in range(0, times, ON_ONE_CONNECTION):
        requests = tuple(
            _one_of_many(plan, handset, host, place, aim)
            for _ in range(min(ON_ONE_CONNECTION, times - start))
        )
        yield plan.connected(requests, place.host, port=place.port)


def _one_of_many(plan: Plan, handset: str, host: str, place: Place, aim: Aim) -> Request:
    words = _words(plan, place, aim)
    return plan.request(FAMILY.id, handset, host, mode=place.mode, path=place.path, **words)  # type: ignore[arg-type]


FAMILY = Family(
    "aimed",
    "Handsets send what the gateway's own config asks about: names, paths, arguments, sizes.",
    2,
    generate,
)
