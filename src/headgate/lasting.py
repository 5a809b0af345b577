"""What outlasts a session: a handset's connections, and the cookies that it was given.

When an address passes to another subscriber, or to nobody, connections from it stay open and the
browser keeps its cookies. A gateway that knows a subscriber by either would go on with the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from headgate.http import Message
from headgate.plan import Headers, Plan
from headgate.request import Connection, Outcome, Request

# Of each connection so many visits are made once more: where they alternate, one of each kind.
VISITS = 2

Jar = Mapping[tuple[str, str], str]
"""The cookies of a handset for a host, as it sends them."""


def kept(connections: Iterable[Connection]) -> list[Connection]:
    """The same connections, left open when all has been answered."""
    return [replace(one, manner=replace(one.manner, stays=True)) for one in connections]


def jar(outcomes: Iterable[Outcome]) -> Jar:
    """The cookies that came back, by handset and host (RFC 6265, 5.2; their attributes aside)."""
    given: dict[tuple[str, str], dict[str, str]] = {}
    for outcome in outcomes:
        for name, value in _cookies(outcome):
            mine = given.setdefault((outcome.request.handset, outcome.request.host), {})
            mine[name] = value
    return {key: "; ".join(map("=".join, mine.items())) for key, mine in given.items()}


def _cookies(outcome: Outcome) -> Iterator[tuple[str, str]]:
    for field in Message(outcome.response or b"").fields:
        if field.name.lower() == b"set-cookie":
            pair = field.value.partition(b";")[0].decode("latin-1")
            name, _, value = pair.partition("=")
            yield name.strip(), value.strip()


def resumed(plan: Plan, connections: Iterable[Connection], cookies: Jar) -> Iterator[Connection]:
    """Further visits to the same sites, on the connections that were left open."""
    for one in connections:
        again = tuple(_again(plan, request, cookies) for request in one.requests[:VISITS])
        yield replace(one, requests=again, manner=replace(one.manner, stays=False, goes_on=True))


def _again(plan: Plan, request: Request, cookies: Jar) -> Request:
    site = plan.policy.site_for(request.host)
    cookie = cookies.get((request.handset, request.host))
    headers: Headers = [("Cookie", cookie)] if cookie else ()
    return plan.request(
        request.family,
        request.handset,
        request.host if request.port == 80 else f"{request.host}:{request.port}",
        mode=request.mode,
        path=plan.path_in(site),
        headers=headers,
        binding=request.binding,
    )
