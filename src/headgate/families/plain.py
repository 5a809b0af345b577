"""What ordinary clients do with ordinary requests (RFC 9110 and 9112)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from headgate import tokens
from headgate.families import Family
from headgate.families.permitted import METHODS, WITH_BODY
from headgate.plan import Headers, Plan
from headgate.request import Connection

# Beyond the methods of the contract: a gateway may refuse them, or serve them.
OTHER_METHODS = ("TRACE", "PROPFIND", "REPORT", "LOCK", "MKCOL", "M-SEARCH", "PURGE", "BREW", "get")

_DATE = "Wed, 11 Jan 2012 09:00:00 GMT"
_FIELDS: tuple[Headers, ...] = (
    [("Range", "bytes=0-499")],
    [("Range", "bytes=-500")],
    [("Range", "bytes=0-0,20-39")],
    [("Range", "bytes=500-"), ("If-Range", '"5a3-4b1"')],
    [("If-Modified-Since", _DATE)],
    [("If-None-Match", '"5a3-4b1", W/"67ab43"')],
    [("If-Unmodified-Since", _DATE)],
    [("If-Match", "*")],
    [("Cache-Control", "no-cache"), ("Pragma", "no-cache")],
    [("Cache-Control", "max-age=0")],
    [("Accept-Encoding", "gzip, deflate")],
    [("Authorization", "Basic YWRhOmxvdmVsYWNl")],
    [("X-Requested-With", "XMLHttpRequest"), ("Origin", "http://app.example")],
    [("X-Wap-Profile", "http://wap.example/uaprof/GT-I9100.xml"), ("Profile", "2")],
    [("Via", "1.1 cache.hotel.example")],
    [("TE", "trailers, deflate;q=0.5")],
    [("Max-Forwards", "10")],
    [("DNT", "1"), ("Save-Data", "on")],
    [("Cookie", "theme=dark; basket=42"), ("Cookie", "seen=1")],
)


def _replaced(fields: Headers, name: str, *others: tuple[str, str]) -> Headers:
    return [*(one for one in fields if one[0] != name), *others]


def _upgrade(*others: tuple[str, str]) -> dict[str, Any]:
    """Something else than HTTP from here on: the site may take it up or not (9110, 7.8)."""
    return {
        "arrange": lambda fields: _replaced(fields, "Connection", *others),
        "binding": False,
    }


def _kinds() -> Iterator[dict[str, Any]]:
    """Each as the arguments of a request, and perhaps a `query` to put behind its path."""
    for method in METHODS:
        yield {"method": method, "body": tokens.form if method in WITH_BODY else b""}
    yield from ({"method": method, "binding": False} for method in OTHER_METHODS)
    yield from ({"headers": fields} for fields in _FIELDS)
    yield from _versions()
    yield from _upgrades()
    yield from _arranged()
    yield from _long()


def _versions() -> Iterator[dict[str, Any]]:
    yield {"version": "1.0"}
    yield {"version": "1.0", "closing": True}
    yield {"version": "1.0", "method": "POST", "body": tokens.form}
    yield {"version": "1.0", "arrange": lambda f: _replaced(f, "Host"), "binding": False}
    yield {"version": "1.2", "binding": False}
    yield {"version": "2.0", "binding": False}
    yield {"closing": True}


def _upgrades() -> Iterator[dict[str, Any]]:
    key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    version = ("Sec-WebSocket-Version", "13")
    yield _upgrade(("Upgrade", "websocket"), ("Connection", "Upgrade"), key, version)
    yield _upgrade(("Upgrade", "websocket"), ("Connection", "keep-alive, Upgrade"), key, version)
    settings = ("HTTP2-Settings", "AAMAAABkAAQAAP__")
    yield _upgrade(("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), settings)
    yield _upgrade(("Upgrade", "TLS/1.2"), ("Connection", "upgrade"))


def _arranged() -> Iterator[dict[str, Any]]:
    """Odd but legal: neither order nor case nor space around a value means anything (5.1)."""
    yield {"arrange": lambda fields: fields[::-1]}
    yield {"arrange": lambda fields: [*fields[1:], fields[0]]}
    yield {"arrange": lambda fields: [(name.lower(), value) for name, value in fields]}
    yield {"arrange": lambda fields: [(name.upper(), value) for name, value in fields]}
    yield {"arrange": lambda fields: [(name.swapcase(), value) for name, value in fields]}
    yield {"arrange": lambda fields: [(name, f"  {value}  ") for name, value in fields]}


def _long() -> Iterator[dict[str, Any]]:
    """Longer than the buffers that most gateways begin with, and than those they end with."""
    for size, binding in ((1500, True), (6000, False), (20000, False)):
        yield {"query": f"?q={'summer+' * (size // 7)}", "binding": binding}
    for size, binding in ((3000, True), (12000, False)):
        cookie = "; ".join(f"c{index}=0123456789" for index in range(size // 16))
        yield {"headers": [("Cookie", cookie)], "binding": binding}
    for count, binding in ((60, True), (150, False)):
        yield {"headers": [(f"X-Option-{n}", str(n)) for n in range(count)], "binding": binding}


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for kind in _kinds():
        query = kind.pop("query", "")
        for place in plan.places():
            longer = {"path": place.path + query} if query else {}
            yield plan.visit(FAMILY.id, next(turn), place, **longer, **kind)


FAMILY = Family(
    "plain",
    "Handsets send all that ordinary clients send: every method and version, partial and "
    "conditional requests, upgrades, and headers long, many and oddly arranged.",
    2,
    generate,
)
