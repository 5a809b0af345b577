"""What a handset sends, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from headgate.answer import Answer
from headgate.http import Message
from headgate.lazy import lazy
from headgate.numbers import Subscriber

EXPLICIT = "explicit"
TRANSPARENT = "transparent"

_AUTHORITY_PORT = re.compile(rb"https?://[^/?#:@]*:(\d+)")


@dataclass(frozen=True)
class Request:
    """One request of one handset, as bytes.

    `token` stands somewhere in the bytes and in no other request's: it proves where the request
    arrived. `binding` says that the request is ordinary and well formed, so that a permitted site
    must get the number with it; `refusable` that it asks for what the gateway itself may answer or
    refuse, as its config says. `forged` are the values that the handset made up. `answer` is what
    the site answers with instead of its ordinary page. A `hidden` request stands in the body or the
    tunnel of the one before it: no network element but the gateway could see it, and the handset
    awaits no answer to it.
    """

    token: str
    family: str
    handset: str
    mode: str
    host: str
    raw: bytes
    binding: bool = True
    forged: tuple[bytes, ...] = ()
    answer: Answer | None = None
    hidden: bool = False
    refusable: bool = False

    @property
    def id(self) -> str:
        return f"{self.family}/{self.token}"

    @lazy
    def message(self) -> Message:
        """Its bytes, read as HTTP."""
        return Message(self.raw)

    @property
    def method(self) -> bytes:
        return self.message.method

    @property
    def body(self) -> bytes:
        return self.message.body

    @property
    def path(self) -> bytes:
        """The path and query as the handset sent them."""
        return self.message.path

    @lazy
    def port(self) -> int:
        """The port that it is for: of an absolute form its own, 80 otherwise."""
        match = _AUTHORITY_PORT.match(self.message.target)
        return int(match[1]) if match else 80


@dataclass(frozen=True)
class Manner:
    """How a handset treats a connection.

    It sends `preamble` before all else, and its bytes in so many `pieces`, a moment apart. It may
    close its own side after the last byte (`half_closes`), hang up without an answer (`awaits`), or
    stay on the line for some seconds after the last answer (`lingers`), or until it is heard of
    again (`stays`): the next connection of that handset in the same mode that `goes_on` is no new
    one. `patience` is how long it waits for an answer, in seconds, where that is less than usual.
    """

    preamble: bytes = b""
    pieces: int = 1
    half_closes: bool = False
    awaits: bool = True
    lingers: float = 0.0
    patience: float | None = None
    stays: bool = False
    goes_on: bool = False


ORDINARILY = Manner()


@dataclass(frozen=True)
class Connection:
    """Requests of one handset on one connection; all are sent at once when `pipelined`."""

    requests: tuple[Request, ...]
    address: str
    port: int
    pipelined: bool = False
    manner: Manner = ORDINARILY

    @property
    def handset(self) -> str:
        return self.requests[0].handset

    def with_hidden(self) -> Sequence[tuple[Request, bytes]]:
        """Each request with the bytes of those that are hidden behind it."""
        found: list[tuple[Request, bytes]] = []
        for request in self.requests:
            if found and request.hidden:
                found[-1] = (found[-1][0], found[-1][1] + request.raw)
            else:
                found.append((request, b""))
        return found

    def without_obligation(self) -> Connection:
        """The same for a gateway that may fail to learn whose number it is: what goes out has to be
        right, whether or not a number does."""
        return replace(self, requests=tuple(replace(one, binding=False) for one in self.requests))


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

    @lazy
    def message(self) -> Message:
        """Its bytes, read as HTTP."""
        return Message(self.data)


@dataclass(frozen=True)
class Outcome:
    """A request with the state of its subscriber when it was sent, and what became of it.

    `subscriber` holds the handset's address, as far as the network knows; None when nobody does.
    `known` is false where the gateway cannot learn that (its store is unreachable, or wrong).
    `response` is what the handset got back, None when nothing did come back; `error` says why.
    `from_cache` says that a site's page came back which was made for an earlier visit. `hidden` are
    the bytes of the requests that the handset has hidden behind this one.
    """

    request: Request
    subscriber: Subscriber | None
    known: bool
    response: bytes | None
    error: str | None
    receipts: Sequence[Receipt]
    from_cache: bool = False
    hidden: bytes = b""

    @lazy
    def words(self) -> bytes:
        """All that the handset wrote which may arrive with this request."""
        return self.request.raw + self.hidden

    @lazy
    def status(self) -> int | None:
        return Message(self.response).status if self.response is not None else None

    @property
    def arrived(self) -> bool:
        return bool(self.receipts)

    @property
    def refused(self) -> bool:
        """The gateway said no: by an answer of its own, or by closing the connection."""
        return not self.arrived and self.error != "timeout"
