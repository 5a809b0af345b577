"""Traits: everything by which one message can be told from another.

A trait says where it stands, which aspect of that place it is, and the bytes. A value gives
several: whole, its parts, how it begins and ends and how long it is, since what tells a subscriber
may stand beside what changes with each request. Order, case and presence of header lines are traits
too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from headgate.http import Field, Message
from headgate.internet import normal
from headgate.request import Receipt
from headgate.sent_on import all_sent_on

_BETWEEN_PARTS = re.compile(rb"[\s;,&=|?/:\"'()<>\[\]{}]+")
_WORD = re.compile(rb"[A-Za-z0-9._%+/=@-]{3,}")
_LONG = 12  # from this length on, how a value begins and ends may tell on its own
_END = 8
_MOST_PARTS = 200  # of a large body

ORDER = "order of the header lines"
THERE = "there is one"
ARRIVES = "something arrives"


class Trait(NamedTuple):
    """`site` is who can see it, `where` the place in the words of a finding. (A tuple, since there
    are a hundred in each message.)"""

    site: str
    where: str
    aspect: str
    value: bytes

    def __repr__(self) -> str:
        return f"Trait({self.site}, {self.shown})"

    @property
    def shown(self) -> str:
        """What a report shows: of a value in a cipher that nobody knows, its first characters."""
        if self.where == ORDER or not self.value:
            return f"{self.where}: {self.aspect}"
        return f"{self.where}: {self.aspect} {self.value[:4].decode('latin-1')!r}…"


Found = Iterator[tuple[str, str, bytes]]
"""Where, which aspect, and the bytes: a trait, but for the site."""
LeftOut = Callable[[bytes], bool]


def traits(receipt: Receipt, left_out: LeftOut | None = None) -> frozenset[Trait]:
    """All traits of what arrived; of an HTTP message without the headers of the names left out."""
    if receipt.kind in ("http", "https"):
        found = _of_message(receipt.message, left_out)
    elif receipt.kind == "dns":
        found = _of_text("host name in a query", asked_name(receipt.data).encode("latin-1"))
    else:
        found = _of_bytes("datagram" if receipt.kind == "udp" else "TLS ClientHello", receipt.data)
    site = "the name resolver" if receipt.kind == "dns" else receipt.site
    own = {Trait(site, where, aspect, value) for where, aspect, value in found}
    return frozenset({*own, arrival(receipt)})


def traits_of_answer(answer: Receipt) -> frozenset[Trait]:
    """The traits of what an answer makes its handset send on: nobody else gets the rest of it."""
    return frozenset(
        Trait(answer.site, where, aspect, value)
        for place, text in all_sent_on(answer.data)
        for where, aspect, value in ((place, THERE, b""), *_of_text(place, text))
    )


def arrival(receipt: Receipt) -> Trait:
    """That something arrived there at all, by which protocol and at which port."""
    site = "the name resolver" if receipt.kind == "dns" else receipt.site
    return Trait(site, f"{receipt.kind} at port {receipt.port}", ARRIVES, b"")


def asked_name(query: bytes) -> str:
    """The name that a DNS query asks for (RFC 1035, 4.1.2), as far as it can be read."""
    labels, at = [], 12
    while at < len(query) and query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    return normal(".".join(labels))


def _of_message(message: Message, left_out: LeftOut | None) -> Found:
    yield from _of_target(message)
    fields = [one for one in message.fields if not (left_out and left_out(one.name))]
    for kind, lines in (("header", fields), ("trailer", message.trailer)):
        for one in lines:
            yield from _of_line(kind, one)
    yield ORDER, "another", b"\n".join(one.name.lower() for one in fields)
    yield from _of_bytes("body", message.body)


def _of_line(kind: str, line: Field) -> Found:
    name = line.name.decode("latin-1").lower()
    where = name if (kind, name) == ("header", "cookie") else f"{kind} {name}"
    yield where, THERE, b""
    yield where, "name written", line.name
    yield from _of_text(where, line.value)


def _of_target(message: Message) -> Found:
    yield "request line", "method", message.method
    yield "request line", "version", message.start_line[-8:]
    path, _, query = message.target.partition(b"?")
    yield from _of_text("request line", path)
    yield from _of_text("query", query)


def _of_text(where: str, text: bytes) -> Found:
    yield from _of_value(where, text)
    for part in islice(_BETWEEN_PARTS.split(text), _MOST_PARTS):
        if len(part) > 1 and part != text:
            yield from _of_value(where, part)


def _of_bytes(where: str, data: bytes) -> Found:
    yield from _of_value(where, data)
    for word in islice(_WORD.finditer(data), _MOST_PARTS):
        yield from _of_value(where, word[0])


def _of_value(where: str, value: bytes) -> Found:
    yield where, "value", value
    yield where, "length", b"%d" % len(value)
    if len(value) >= _LONG:
        yield where, "beginning", value[:_END]
        yield where, "end", value[-_END:]
