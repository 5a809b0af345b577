"""What a request family draws from: who there is, where they can go, and how requests are made.

A family says what is sent; the plan turns it into the bytes of an ordinary handset. Nothing here
tells a request of a run from one of real traffic: names, headers and tokens look like others'.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

from headgate import tokens
from headgate.answer import Answer
from headgate.browser import Browser, dealt
from headgate.gateway_spec import GatewaySpec
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.policy import Permission, Policy, Site
from headgate.population import Population
from headgate.reading.aim import Aim
from headgate.reading.fitting import guests_numbers
from headgate.request import EXPLICIT, ORDINARILY, Connection, Manner, Request

# A fault that shows in two of a hundred requests stays hidden in this many with a probability of
# 0.98 ** 342 < 0.001: ln(0.001) / ln(0.98) = 341.9.
ENOUGH = 342

_WORDS = [
    "about",
    "account",
    "archive",
    "article",
    "basket",
    "business",
    "careers",
    "checkout",
    "contact",
    "culture",
    "dating",
    "education",
    "entertainment",
    "events",
    "fashion",
    "finance",
    "food",
    "forum",
    "gallery",
    "games",
    "health",
    "help",
    "history",
    "holiday",
    "home",
    "jobs",
    "kids",
    "latest",
    "learn",
    "lifestyle",
    "live",
    "local",
    "magazine",
    "members",
    "mobile",
    "money",
    "motoring",
    "movies",
    "music",
    "news",
    "offers",
    "opinion",
    "people",
    "photos",
    "politics",
    "products",
    "property",
    "recipes",
    "reviews",
    "science",
    "search",
    "services",
    "shop",
    "sport",
    "store",
    "stories",
    "story",
    "support",
    "technology",
    "tickets",
    "tours",
    "travel",
    "tv",
    "uk",
    "users",
    "video",
    "watch",
    "weather",
    "winter",
    "world",
]

Headers = Sequence[tuple[str, str]]
Arrange = Callable[[Headers], Headers]
Body = Callable[[random.Random], bytes]
Given = Mapping[str, str | None]
"""Values of header lines by their names, None for a line that is not sent."""

PATH, QUERY, COOKIE = "path", "query", "cookie"
AGENT, REFERER = "agent", "referer"
"""Where in a request its token may stand."""
AUTHORITY = "authority"
"""A request line that names host and port alone, as that of CONNECT does (RFC 9112, 3.2.3)."""


class Page(str):
    """A path below which all is as it is itself: a request may go to an article or a file there.
    Any other path is visited as it is written."""

    __slots__ = ()


class Place(NamedTuple):
    """Where a visit goes, and in which way."""

    host: str
    path: str
    port: int
    mode: str


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a list that goes with the tool."""
    text = resources.files("headgate").joinpath("data", name).read_text("utf-8")
    return tuple(text.split("\n")[:-1])


@dataclass(frozen=True)
class Plan:
    """`sites` are the permitted ones to visit (of one category, perhaps); `address_of` gives each
    host name its address; `rng` makes a run repeatable by its seed; `side_doors` are ports that
    the gateway listens on without having declared them; `aims` are what its config asks for."""

    policy: Policy
    sites: Sequence[Site]
    spec: GatewaySpec
    population: Population
    rng: random.Random
    address_of: Callable[[str], str]
    side_doors: Sequence[int] = ()
    aims: Sequence[Aim] = ()

    @cached_property
    def made_up(self) -> Sequence[str]:
        """Numbers that handsets make up: of strangers who will not yet come as guests for the aims'
        sake, or what a handset wrote would be found as that guest's."""
        held = [one.msisdn for one in self.population.sessions.values()]
        coming = set(guests_numbers(self.aims, held))
        numbers = [one.msisdn for one in self.population.strangers]
        return [number for number in numbers if number not in coming]

    @property
    def modes(self) -> tuple[str, ...]:
        """The ways in which a handset reaches this gateway."""
        return self.spec.modes

    def token(self) -> str:
        """Letters and digits in one of the shapes of the ids that fill ordinary URLs."""
        return tokens.draw(self.rng)

    def ordinary_hosts(self, count: int) -> list[str]:
        """Names of well-known sites that the policy does not name; an address, where it names all
        of them."""
        names = self.rng.sample(self._unnamed_hosts, min(count, len(self._unnamed_hosts)))
        return names or [self.ordinary_address()]

    def ordinary_address(self) -> str:
        """An address, as a host, that the policy does not name."""
        while True:
            low = ".".join(str(self.rng.randrange(1, 255)) for _ in range(3))
            address = f"{self.rng.choice((23, 52, 93, 151))}.{low}"
            if not self.policy.site_for(address):
                return address

    @cached_property
    def _unnamed_hosts(self) -> Sequence[str]:
        return _unnamed_by(self.policy)

    def host_of(self, site: Site) -> str:
        """A host that an entry of the policy covers: the host itself, or one below it."""
        if not site.host.startswith("*."):
            return site.host
        below = self.rng.choice(["www", "m", "video", "members", "cdn-2.images"])
        return f"{below}.{site.host.removeprefix('*.')}"

    def path_in(self, site: Site | None) -> Page:
        """A path that the site may get the number for; any path, where there is no such rule."""
        below = self.rng.choice(site.paths) if site and site.paths else "/"
        separator = "" if below.endswith("/") else "/"
        return Page(below + separator + self.rng.choice(_WORDS))

    def port_of(self, site: Site | None, mode: str) -> int:
        """A port that the site may get the number on, where the policy leaves a choice. On the
        transparent way it is 80: others do not pass through the gateway."""
        return self.rng.choice(site.ports) if site and mode == EXPLICIT else 80

    def places(self, ordinary: int = 3, permitted: int = 1) -> list[Place]:
        """So many ordinary and permitted sites, drawn anew, in each way that the gateway offers.

        Their order is random, lest handsets that take turns should always come to the same kind.
        """
        places = [
            self.place_of(site, mode)
            for mode in self.modes
            for site in (*[None] * ordinary, *self._some_sites(permitted))
        ]
        return self.rng.sample(places, len(places))

    def place_of(self, site: Site | None, mode: str) -> Place:
        """A place of a permitted site where it may get the number, or one of an ordinary site."""
        host = self.host_of(site) if site else self.ordinary_hosts(1)[0]
        return Place(host, self.path_in(site), self.port_of(site, mode), mode)

    def _some_sites(self, count: int) -> list[Site]:
        return self.rng.choices(self.sites, k=count) if self.sites else []

    def may_learn_nothing(self, request: Request) -> bool:
        """Whether the policy grants nothing to where this request is sent."""
        asked = self.policy.permits(request.host, request.port, request.path)
        return asked is Permission.NO

    def visit(self, family: str, handset: str, place: Place, **more: object) -> Connection:
        """One request to a place, on a connection of its own; `more` as `connection` takes it."""
        host, path, port, mode = place
        more = {"path": path, **more}
        return self.connection(family, handset, host, mode=mode, port=port, **more)  # type: ignore[arg-type]

    def connection(
        self,
        family: str,
        handset: str,
        host: str,
        *,
        mode: str,
        path: str | None = None,
        port: int = 80,
        manner: Manner = ORDINARILY,
        **more: object,
    ) -> Connection:
        """One ordinary request on a connection of its own; `more` as `request` takes it."""
        at = host if port == 80 else f"{host}:{port}"
        if not manner.awaits:  # a token that a gateway takes away could be told by nothing else
            more = {"token_in": QUERY, **more}
        request = self.request(family, handset, at, mode=mode, path=path, **more)  # type: ignore[arg-type]
        return self.connected((request,), host, port=port, manner=manner)

    def connected(
        self,
        requests: tuple[Request, ...],
        host: str,
        *,
        port: int = 80,
        pipelined: bool = False,
        manner: Manner = ORDINARILY,
    ) -> Connection:
        """A connection that carries the requests: to the proxy, or to the host's own address."""
        if requests[0].mode == EXPLICIT:
            assert self.spec.proxy_port is not None
            return Connection(requests, GATEWAY_ACCESS, self.spec.proxy_port, pipelined, manner)
        return Connection(requests, self.address_of(_name(host)), port, pipelined, manner)

    def request(
        self,
        family: str,
        handset: str,
        host: str,
        *,
        mode: str,
        method: str = "GET",
        path: str | None = None,
        version: str = "1.1",
        headers: Headers = (),
        body: bytes | Body = b"",
        host_header: str | None = None,
        scheme: str = "http",
        form: str | None = None,
        token_in: str | None = None,
        arrange: Arrange = tuple,
        closing: bool = False,
        binding: bool = True,
        forged: Sequence[str] = (),
        answer: Answer | None = None,
        hidden: bool = False,
        refusable: bool = False,
    ) -> Request:
        """The bytes of one request. `host` is as written in an absolute form, port included.

        `form` is the mode whose form the request line has, or AUTHORITY, where it is not its own.
        `token_in` says where the token stands; without it, that is in one of the usual places.
        `arrange` may put the header lines in another order or write them in another way; `headers`
        stand in the place of the browser's own of their names. A body gets its length, unless
        `headers` frame it.
        """
        token = self.token()
        body = body(self.rng) if callable(body) else body
        page = path or self.path_in(None)
        if token_in is None:
            answered = not (answer or hidden)
            token_in, page = self._settled(page, token, method, headers, answered)
        if token_in == QUERY:
            page = tokens.queried(self.rng, page, token)
        target = _in_form(form or mode, host, page, scheme)
        browser = self.browser_of(handset)
        said: Given = {
            "Host": host if host_header is None else host_header,
            "Connection": "close" if closing else browser.connection,
            **dict(_framing(body, headers)),
            **self._said(browser, token, token_in, host),
        }
        named = browser.proxied if mode == EXPLICIT and not closing else "Connection"
        fields = self._with(headers, browser.head(said), said, named)
        head = "".join(f"{name}: {value}\r\n" for name, value in arrange(fields))
        raw = f"{method} {target} HTTP/{version}\r\n{head}\r\n".encode("latin-1") + body
        made_up = tuple(value.encode("latin-1") for value in forged)
        given = answer.for_token(token) if answer else None
        name = _name(host)
        return Request(
            token, family, handset, mode, name, raw, binding, made_up, given, hidden, refusable
        )

    def browser_of(self, handset: str) -> Browser:
        """What the handset browses with, in each request of a run."""
        known = self.population.browsers.get(handset)
        return known or next(dealt(random.Random(handset)))

    def _settled(
        self, path: str, token: str, method: str, headers: Headers, answered: bool
    ) -> tuple[str, str]:
        """The place of a token that may stand anywhere, and the path with what else it leads to.

        Only a page leads further; and no two requests for pages have one URL, lest a sound gateway
        answer the second without asking the site. A cookie is for requests whose answers tell,
        where a gateway takes cookies away, whose they are.
        """
        own_cookie = any(name.lower() == "cookie" for name, _ in headers)
        in_cookie = answered and not own_cookie and not self.policy.stripped(b"cookie")
        files = method in ("GET", "HEAD")
        if not isinstance(path, Page):
            return (COOKIE if in_cookie and self.rng.random() < 0.3 else QUERY), path
        place = self.rng.choices((PATH, QUERY, COOKIE), (45, 33, 22 * in_cookie))[0]
        if place == QUERY:
            return QUERY, tokens.beside(self.rng, path, files=files)
        id_in_path = token if place == PATH else self.token()
        return place, tokens.below(self.rng, path, id_in_path, files=files)

    def _said(self, browser: Browser, token: str, token_in: str, host: str) -> Given:
        """What a browser tells of earlier visits, and the token where it is to stand there."""
        if token_in == AGENT:
            return {"User-Agent": f"{browser.agent or 'Mozilla/5.0'} Instance/{token}"}
        if token_in == REFERER:
            return {"Referer": f"http://{host}{tokens.queried(self.rng, '/', token)}"}
        said: dict[str, str | None] = {}
        if self._unnamed_hosts and self.rng.random() < 0.4:
            page = self.rng.choice(("", tokens.words(self.rng)))
            said["Referer"] = f"http://{self.rng.choice(self._unnamed_hosts)}/{page}"
        if token_in == COOKIE:
            said["Cookie"] = tokens.cookie(self.rng, token)
        elif self.rng.random() < 0.35 and not self.policy.stripped(b"cookie"):
            said["Cookie"] = tokens.other_cookie(self.rng)
        return said

    def _with(
        self, headers: Headers, own: Headers, said: Given, connection: str
    ) -> list[tuple[str, str]]:
        """The header lines of a browser, and those of a request somewhere behind its Host."""
        stripped = self.policy.stripped
        there = {name for name, _ in own}
        late = [(name, value) for name, value in said.items() if value is not None]
        instead = {name.lower() for name, _ in headers} - {"host", "connection"}
        lines = [
            (connection if name == "Connection" else name, value)
            for name, value in (*own, *(one for one in late if one[0] not in there))
            if name.lower() not in instead
            # What a gateway has to take away from handsets, only one that forges it sends.
            and (name in said or not stripped(name.encode()))
        ]
        first = 1 + [name for name, _ in lines].index("Host")
        at = self.rng.randint(first, len(lines))
        return [*lines[:at], *headers, *lines[at:]]


@lru_cache(8)
def _unnamed_by(policy: Policy) -> tuple[str, ...]:
    """The well-known sites that the policy does not name."""
    return tuple(host for host in lines("ordinary_sites.txt") if not policy.site_for(host))


def repeated(
    generates: Iterable[Callable[[Plan, Sequence[str]], Iterator[Connection]]],
    plan: Plan,
    visitors: Sequence[str],
    least: int = ENOUGH,
    counts: Callable[[Request], bool] | None = None,
) -> Iterator[Connection]:
    """All connections of some generators once, and those of the first ones again, by other visitors
    to other hosts, until `least` of their requests count: those for places that may learn nothing,
    unless told otherwise. A generator that sends nothing of the kind is not repeated."""
    counts = counts or plan.may_learn_nothing
    sent = 0
    for generate in generates:
        for again in itertools.count():
            before = sent
            for connection in generate(plan, plan.rng.sample(visitors, len(visitors))):
                yield connection
                sent += sum(map(counts, connection.requests))
                if again and sent >= least:
                    break
            if sent >= least or sent == before:
                break


def _name(authority: str) -> str:
    """A host as written, without its port (RFC 3986, 3.2)."""
    return re.sub(r":\d*$", "", authority)


def _in_form(form: str, host: str, path: str, scheme: str) -> str:
    """A request target in the form that proxies get, that sites get, or that of a tunnel."""
    if form == AUTHORITY:
        return host
    return f"{scheme}://{host}{path}" if form == EXPLICIT else path


def _framing(body: bytes, headers: Headers) -> Headers:
    """The fields of a body that no other field speaks of."""
    given = {name.lower() for name, _ in headers}
    if not body or given & {"content-length", "transfer-encoding"}:
        return ()
    return (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(len(body))),
    )
