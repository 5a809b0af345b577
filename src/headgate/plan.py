"""What a request family draws from: who there is, where they can go, and how requests are made.

A family says what is sent; the plan turns it into the bytes of an ordinary handset. Nothing here
tells a request of a run from one of real traffic: names, headers and tokens look like others'.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from headgate.gateway_spec import GatewaySpec
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.policy import Policy, Site
from headgate.population import Population
from headgate.request import EXPLICIT, TRANSPARENT, Connection, Request

_TOKEN_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TOKEN_SIGNS = _TOKEN_LETTERS + "0123456789"
TOKEN_LENGTH = 12

_WORDS = [
    "about",
    "account",
    "archive",
    "article",
    "basket",
    "checkout",
    "gallery",
    "help",
    "holiday",
    "home",
    "latest",
    "magazine",
    "mobile",
    "music",
    "news",
    "offers",
    "photos",
    "search",
    "shop",
    "sport",
    "story",
    "travel",
    "video",
    "weather",
    "winter",
]

Headers = Sequence[tuple[str, str]]


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a list that goes with the tool."""
    text = resources.files("headgate").joinpath("data", name).read_text("utf-8")
    return tuple(text.split("\n")[:-1])


@dataclass(frozen=True)
class Plan:
    """`sites` are the permitted ones to visit (of one category, perhaps); `address_of` gives each
    host name its address; `rng` makes a run repeatable by its seed; `side_doors` are ports that
    the gateway listens on without having declared them."""

    policy: Policy
    sites: Sequence[Site]
    spec: GatewaySpec
    population: Population
    rng: random.Random
    address_of: Callable[[str], str]
    side_doors: Sequence[int] = ()

    @property
    def modes(self) -> tuple[str, ...]:
        """The ways in which a handset reaches this gateway."""
        offered = ((EXPLICIT, self.spec.proxy_port), (TRANSPARENT, self.spec.transparent_port))
        return tuple(mode for mode, port in offered if port is not None)

    def token(self) -> str:
        """Twelve letters and digits, as in the ids that fill ordinary URLs."""
        rest = "".join(self.rng.choices(_TOKEN_SIGNS, k=TOKEN_LENGTH - 1))
        return self.rng.choice(_TOKEN_LETTERS) + rest

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
    def _unnamed_hosts(self) -> list[str]:
        return [host for host in lines("ordinary_sites.txt") if not self.policy.site_for(host)]

    def host_of(self, site: Site) -> str:
        """A host that an entry of the policy covers: the host itself, or one below it."""
        if not site.host.startswith("*."):
            return site.host
        below = self.rng.choice(["www", "m", "video", "members", "cdn-2.images"])
        return f"{below}.{site.host.removeprefix('*.')}"

    def path_in(self, site: Site | None) -> str:
        """A path that the site may get the number for; any path, where there is no such rule."""
        below = self.rng.choice(site.paths) if site and site.paths else "/"
        separator = "" if below.endswith("/") else "/"
        return below + separator + self.rng.choice(_WORDS)

    def port_of(self, site: Site | None, mode: str) -> int:
        """A port that the site may get the number on, where the policy leaves a choice. On the
        transparent way it is 80: others do not pass through the gateway."""
        return self.rng.choice(site.ports) if site and mode == EXPLICIT else 80

    def connection(
        self,
        family: str,
        handset: str,
        host: str,
        *,
        mode: str,
        path: str | None = None,
        port: int = 80,
        **more: object,
    ) -> Connection:
        """One ordinary request on a connection of its own; `more` as `request` takes it."""
        at = host if port == 80 else f"{host}:{port}"
        request = self.request(family, handset, at, mode=mode, path=path, **more)  # type: ignore[arg-type]
        return self.connected((request,), host, port=port)

    def connected(
        self,
        requests: tuple[Request, ...],
        host: str,
        *,
        port: int = 80,
        pipelined: bool = False,
    ) -> Connection:
        """A connection that carries the requests: to the proxy, or to the host's own address."""
        if requests[0].mode == EXPLICIT:
            assert self.spec.proxy_port is not None
            return Connection(requests, GATEWAY_ACCESS, self.spec.proxy_port, pipelined)
        return Connection(requests, self.address_of(host), port, pipelined)

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
        body: bytes = b"",
        host_header: str | None = None,
        scheme: str = "http",
        closing: bool = False,
        binding: bool = True,
        forged: Sequence[str] = (),
    ) -> Request:
        """The bytes of one request. `host` is as written in an absolute form, port included."""
        token = self.token()
        target = _with_token(path or self.path_in(None), token)
        if mode == EXPLICIT:
            target = f"{scheme}://{host}{target}"
        fields = [
            ("Host", host if host_header is None else host_header),
            ("User-Agent", self.rng.choice(lines("user_agents.txt"))),
            ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            ("Accept-Language", "en-GB,en;q=0.9"),
            *headers,
        ]
        if body:
            fields += [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", str(len(body))),
            ]
        fields.append(("Connection", "close" if closing else "keep-alive"))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        raw = f"{method} {target} HTTP/{version}\r\n{head}\r\n".encode("latin-1") + body
        made_up = tuple(value.encode("latin-1") for value in forged)
        name = host.partition(":")[0]
        return Request(token, family, handset, mode, name, raw, binding, made_up)


def _with_token(path: str, token: str) -> str:
    """The path with the token as an article's or a visit's id, where such ids stand."""
    if "?" in path:
        return f"{path}&id={token}"
    return f"{path}?id={token}"
