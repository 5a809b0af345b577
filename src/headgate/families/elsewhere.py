"""A permitted host's other paths and ports, and a permitted name where it means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import Headers, Plan
from headgate.policy import Site
from headgate.request import EXPLICIT, Connection

OTHER_PORTS = (8080, 8000, 81)
# The last 16 bits of the second make 80.
NO_PORTS = (0, 65536 + 80)


def other_paths(below: str) -> Iterator[str]:
    """Paths that are not below `below`, as sent or after decoding (RFC 3986, 5.2.4)."""
    name = below.strip("/").split("/")[0]
    if not name:
        return  # every path is below `/`
    yield "/"
    yield "/account"
    yield f"/{name}"
    yield f"/{name}-old/x"
    yield f"/account/{name}/x"
    yield f"{below}../account"
    yield f"{below}%2e%2e/account"
    yield f"/account/..{below}x"
    yield f"/%{ord(name[0]):02x}{name[1:]}/x"
    yield f"/{name.upper()}/x"
    yield f"/account?next={below}x"


def _misplaced(host: str) -> Iterator[tuple[str, Headers]]:
    """Paths and headers that hold the host's name, in a request to some other site."""
    yield f"/{host}/", ()
    yield f"/?url=http://{host}/", ()
    yield "/", [("Referer", f"http://{host}/")]
    yield "/", [("Origin", f"http://{host}")]
    yield "/", [("Cookie", f"from={host}")]
    yield "/", [("X-Forwarded-Host", host)]
    yield "/", [("Forwarded", f"host={host}")]
    yield "/", [("X-Host", host)]
    yield "/", [("X-Original-URL", f"http://{host}/")]


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for site in plan.sites:
        for mode in plan.modes:
            yield from _other_places(plan, site, mode, turn)
            for path, headers in _misplaced(plan.host_of(site)):
                host = plan.ordinary_hosts(1)[0]
                yield plan.connection(
                    FAMILY.id, next(turn), host, mode=mode, path=path, headers=headers
                )


def _other_places(plan: Plan, site: Site, mode: str, turn: Iterator[str]) -> Iterator[Connection]:
    host = plan.host_of(site)
    for path in (path for below in site.paths for path in other_paths(below)):
        yield plan.connection(FAMILY.id, next(turn), host, mode=mode, path=path)
    if mode == EXPLICIT:  # on the transparent way, other ports do not pass through the gateway
        for port in set(OTHER_PORTS) - set(site.ports):
            path = plan.path_in(site)
            yield plan.connection(FAMILY.id, next(turn), host, mode=mode, path=path, port=port)
        for port in NO_PORTS:
            path = plan.path_in(site)
            yield plan.connection(
                FAMILY.id, next(turn), host, mode=mode, path=path, port=port, binding=False
            )


FAMILY = Family(
    "elsewhere",
    "Handsets visit other pages and ports of permitted hosts, and ordinary sites with a "
    "permitted site's name in the address, the referrer or a cookie.",
    2,
    generate,
)
