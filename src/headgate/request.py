"""What a handset sends, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headgate.http import Message, origin_form
from headgate.numbers import Subscriber

EXPLICIT = "explicit"
TRANSPARENT = "transparent"


@dataclass(frozen=True)
class Request:
    """One request of one handset, as bytes.

    `token` stands somewhere in the bytes and in no other request's: it proves where the request
    arrived. `binding` says that the request is ordinary and well formed, so that a permitted site
    must get the number with it. `forged` are the values that the handset made up.
    """

    token: str
    family: str
    handset: str
    mode: str
    host: str
    raw: bytes
    binding: bool = True
    forged: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.family}/{self.token}"

    @property
    def method(self) -> bytes:
        return Message(self.raw).method

    @property
    def path(self) -> bytes:
        """The path and query as the handset sent them."""
        return origin_form(Message(self.raw).target)


@dataclass(frozen=True)
class Connection:
    """Requests of one handset on one connection; all are sent at once when `pipelined`."""

    requests: tuple[Request, ...]
    address: str
    port: int
    pipelined: bool = False

    @property
    def handset(self) -> str:
        return self.requests[0].handset


@dataclass(frozen=True)
class Receipt:
    """What arrived at a site: `kind` is http, https, dns, udp or hello (a TLS ClientHello)."""

    kind: str
    site: str
    address: str
    port: int
    data: bytes = field(repr=False)
    number: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Outcome:
    """A request with the state of its subscriber when it was sent, and what became of it.

    `subscriber` holds the handset's address, as far as the network knows; None when nobody does.
    `known` is false where the gateway cannot learn that (its store is unreachable, or wrong).
    `response` is what the handset got back, None when nothing did come back; `error` says why.
    """

    request: Request
    subscriber: Subscriber | None
    known: bool
    response: bytes | None
    error: str | None
    receipts: Sequence[Receipt]

    @property
    def status(self) -> int | None:
        return Message(self.response).status if self.response is not None else None

    @property
    def arrived(self) -> bool:
        return bool(self.receipts)

    @property
    def refused(self) -> bool:
        """The gateway said no: by an answer of its own, or by closing the connection."""
        return not self.arrived and self.error != "timeout"
