"""What to send so that a branch is entered, or only just not.

An aim says of a visit what its branch asks for, and leaves the rest to whoever draws it up: which
handset, which of several sites, all other header lines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from urllib.parse import quote

from headgate.reading.literal import LOCAL, Literal, Part
from headgate.reading.span import Span

MOST_REPEATED = 700  # finds a share of one in a hundred: ln(0.001) / ln(0.99) = 687.3
MOST_SIZE = 256 * 1024
SURE = math.log(0.001)

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.?)+\Z", re.IGNORECASE)
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_FIELD = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?\Z")
_NAME = _METHOD
_REQUEST_LINE = re.compile(r"(?:([A-Z]+) +)?(?:http://[^/ ]*)?(\S+)(?: +HTTP/1\.[01])?\Z")
_HEADER_LINE = re.compile(r"([A-Za-z]+(?:-[A-Za-z0-9]+)+)(?:: *(.*))?\Z", re.DOTALL)
_WORD = re.compile(r"[\w./?&=;,-]{2,}\Z")
_IN_PATH = "/%:@!$&'()*+,;=-._~?"
_IN_VALUE = "/%:@!$'()*,;-._~?"


@dataclass(frozen=True)
class Aim:
    """A visit that enters the branch at `span`, or one that nearly does (`near`).

    `path` may have a query of its own. `arguments`, `cookies` and `fields`, those of a form, are
    pairs of name and value.
    `network` is where the handset's address lies, `prefix` how its subscriber's number begins. The
    visit is made `repeat` times, on one connection where it is `counted`, to one URL where it is
    `cached`. Sizes are in bytes: of the body, of a header line, of line and header together
    (`whole_size`), of the site's answer; `status` is what the site answers. Where the `clock` is
    asked, the visit is made at each hour.
    """

    span: Span
    near: bool = False
    host: str | None = None
    path: str | None = None
    query: str | None = None
    method: str | None = None
    version: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    network: str | None = None
    prefix: str | None = None
    repeat: int = 1
    counted: bool = False
    cached: bool = False
    body_size: int | None = None
    head_size: int | None = None
    whole_size: int | None = None
    answer_size: int | None = None
    status: int | None = None
    answer_headers: tuple[tuple[str, str], ...] = ()
    clock: bool = False

    @property
    def asks(self) -> tuple[object, ...]:
        """What it asks for, wherever it comes from."""
        own = ("span", "near")
        return tuple(getattr(self, one.name) for one in fields(self) if one.name not in own)

    def asking(self, literal: Literal, value: str) -> Aim:
        """An aim that asks for one thing more, this value for what the literal is about; as it was,
        where a visit cannot bring that."""
        put = _PUT.get(literal.part)
        return put(self, literal.name, value) if put else self


def _host(aim: Aim, _: str, value: str) -> Aim:
    if value.startswith("."):
        value = f"www{value}"  # what names end in
    return replace(aim, host=value) if _HOST.match(value) and value != "1" else aim


def _path(aim: Aim, _: str, value: str) -> Aim:
    path = quote(value, safe=_IN_PATH)
    return replace(aim, path=path) if path.startswith("/") else aim


def _query(aim: Aim, _: str, value: str) -> Aim:
    return replace(aim, query=quote(value, safe=_IN_PATH))


def _argument(aim: Aim, name: str, value: str) -> Aim:
    pair = quote(name, safe=_IN_VALUE), quote(value, safe=_IN_VALUE)
    return replace(aim, arguments=_named(aim.arguments, *pair))


def _field(aim: Aim, name: str, value: str) -> Aim:
    if not name:  # a text that a body holds
        name, _, value = value.partition("=")
    pair = quote(name, safe=_IN_VALUE), quote(value, safe=_IN_VALUE)
    return replace(aim, fields=_named(aim.fields, *pair))


def _header(aim: Aim, name: str, value: str) -> Aim:
    # Host, lengths and the connection are the visit's own.
    own = name.lower() in ("host", "content-length", "transfer-encoding", "connection", "cookie")
    if name == "cookie" and len(value) > len("id=") and _FIELD.match(value):
        key, _, rest = (value if "=" in value else f"id={value[3:]}").partition("=")
        return replace(aim, cookies=_named(aim.cookies, key, rest))
    if own or not (_NAME.match(name) and _FIELD.match(value)):
        return aim
    return replace(aim, headers=_named(aim.headers, name, value))


def _answer_header(aim: Aim, name: str, value: str) -> Aim:
    # Lengths and the connection are the site's own.
    own = name in ("content-length", "transfer-encoding", "connection", "content-type", "location")
    if own or not (_NAME.match(name) and _FIELD.match(value)):
        return aim
    return replace(aim, answer_headers=_named(aim.answer_headers, name, value))


def _cookie(aim: Aim, name: str, value: str) -> Aim:
    value = quote(value, safe="!#$%&'()*+-./:<=>?@[]^_`{|}~")
    return replace(aim, cookies=_named(aim.cookies, name, value)) if _NAME.match(name) else aim


def _method(aim: Aim, _: str, value: str) -> Aim:
    usable = _METHOD.match(value) and value != "CONNECT"
    return replace(aim, method=value) if usable and not value.isdigit() else aim


def _lines(aim: Aim, _: str, value: str) -> Aim:
    """What stands in the request line or a header line: which of them, its looks say."""
    if match := _REQUEST_LINE.match(value):
        aim = _method(aim, "", match[1]) if match[1] else aim
        value = match[2]
    if match := _HEADER_LINE.match(value):
        return _header(aim, match[1], match[2] or "1")  # as it is written, its case too
    if value.startswith("/"):
        return _path(aim, "", value)
    return _query(aim, "", value) if _WORD.match(value) and value not in ("1", "on") else aim


def _version(aim: Aim, _: str, value: str) -> Aim:
    version = value.removeprefix("HTTP/")
    return replace(aim, version=version) if version in ("1.0", "1.1") else aim


def _chance(aim: Aim, _: str, value: str) -> Aim:
    share = min(max(float(value), 1e-9), 0.999)
    times = math.ceil(SURE / math.log(1 - share))
    return replace(aim, repeat=max(aim.repeat, min(times, MOST_REPEATED)))


def _count(aim: Aim, _: str, value: str) -> Aim:
    if not value.isdigit() or int(value) > MOST_REPEATED:
        return aim
    return replace(aim, repeat=max(aim.repeat, int(value) + 1), counted=True)


def _named(
    pairs: tuple[tuple[str, str], ...], name: str, value: str
) -> tuple[tuple[str, str], ...]:
    return (*(pair for pair in pairs if pair[0] != name), (name, value))


def _size(value: str) -> int | None:
    size = int(value) if value.isdigit() else 0
    return size if 0 < size <= MOST_SIZE else None


_PUT: dict[Part, Callable[[Aim, str, str], Aim]] = {
    Part.HOST: _host,
    Part.PATH: _path,
    Part.QUERY: _query,
    Part.ARGUMENT: _argument,
    Part.FIELD: _field,
    Part.HEADER: _header,
    Part.ANSWER_HEADER: _answer_header,
    Part.COOKIE: _cookie,
    Part.METHOD: _method,
    Part.LINES: _lines,
    Part.VERSION: _version,
    Part.CHANCE: _chance,
    Part.COUNT: _count,
    Part.ADDRESS: lambda aim, _, value: replace(aim, network=value),
    Part.NUMBER: lambda aim, _, value: replace(aim, prefix=value),
    Part.CACHE: lambda aim, _, value: replace(aim, cached=True, repeat=max(aim.repeat, 3)),
    Part.BODY_SIZE: lambda aim, _, value: replace(aim, body_size=_size(value)),
    Part.HEAD_SIZE: lambda aim, _, value: replace(aim, head_size=_size(value)),
    Part.WHOLE_SIZE: lambda aim, _, value: replace(aim, whole_size=_size(value)),
    Part.CLOCK: lambda aim, name, _: replace(aim, clock=aim.clock or name == LOCAL),
    Part.ANSWER_SIZE: lambda aim, _, value: replace(aim, answer_size=_size(value)),
    Part.STATUS: lambda aim, _, value: (
        replace(aim, status=int(value)) if re.fullmatch(r"[2-5]\d\d", value) else aim
    ),
}
