"""The policy: which sites may learn a subscriber's number, and in which form.

Whether a request may carry the number is decided by the host, the port and, where the policy names
paths, the path. Gateways and sites read one and the same path in different ways, so a path counts
as below `/offers/` only when it is so as sent and also after percent-decoding (once) and removal
of dot segments (RFC 3986, 5.2.4). Each of the two is read twice, with repeated slashes merged and
as they stand; where it matters which way, either outcome is right (`Permission.EITHER`).

Either outcome is also right where a permitted request is such that a gateway may refuse it for
good: a target that RFC 9112, 3.2.1 and RFC 3986 do not allow (`*`, a fragment, a `%` without two
hex digits, a raw backslash), an encoded NUL, dot segments that climb above the root, a host that
is no host name.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from itertools import chain, product
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from headgate.numbers import Subscriber
from headgate.values import fields_of, filled, header_name, header_template, one_of, port, text
from headgate.yamlfile import Fields, Node, Reader, fail, listed, read_yaml, refuse

T = TypeVar("T")

HTTP_PORT = 80

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # the last label of what is read as an IPv4 address
_SEGMENT = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"  # pchar, RFC 3986, 3.3
_ORIGIN_FORM = re.compile(rf"(?:/(?:{_SEGMENT}|/)*)?(?:\?(?:{_SEGMENT}|[/?])*)?".encode())
_POLICY_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Permission(Enum):
    """Whether a request may carry the number: no, yes (and it has to), or either is right."""

    NO = "no"
    YES = "yes"
    EITHER = "either"


@dataclass(frozen=True)
class Site:
    """A site that may learn a number: `host` is one name, one IPv4 address, or `*.` and a suffix
    (any name below it, however deep, not the suffix itself). Without paths, the whole site."""

    host: str
    category: str
    paths: tuple[str, ...] = ()
    ports: tuple[int, ...] = (HTTP_PORT,)

    def covers(self, host: str) -> bool:
        """Whether the host is this site's; compared without case and without one trailing dot."""
        return _plain(self.host) in _patterns(host)


@dataclass(frozen=True)
class Policy:
    """A policy as its file says it. `value` is the form of the number (`{msisdn}` and perhaps
    other text), `staleness` the seconds for which a request may follow an old session; `source`
    is the file as it was read."""

    path: Path
    header: str
    value: str
    strip: tuple[str, ...] = ()
    consent_required: bool = True
    staleness: float = 0.0
    sites: tuple[Site, ...] = ()
    source: bytes = field(default=b"", repr=False, compare=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of its file, as `sha256sum` prints it, behind `sha256:`."""
        return f"sha256:{hashlib.sha256(self.source).hexdigest()}"

    def identifier_for(self, subscriber: Subscriber) -> bytes:
        """What the policy's header holds for this subscriber, to the byte."""
        return filled(self.value, msisdn=subscriber.msisdn).encode("ascii")

    def named(self, header_name: bytes) -> bool:
        """Whether this is the policy's header: without case, `_` and `-` alike."""
        return _folded(header_name) == self._name

    def may_be_named_in(self, message: bytes) -> bool:
        """Whether the policy's header can be in these bytes at all: most messages have no such
        thing, and need not be read."""
        return self._name in _folded(message)

    def stripped(self, header_name: bytes) -> bool:
        """Whether a handset's own header of this name must reach no site: the policy's header and
        those of `identifier.strip`."""
        return _folded(header_name) in self._stripped

    def site_for(self, host: str) -> Site | None:
        """The entry that names the host most closely: its own name, else the longest suffix; the
        first in the file of several alike. None for an ordinary site."""
        return next(iter(self._covering(host)), None)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories, each once, in the order of the file."""
        return tuple(dict.fromkeys(site.category for site in self.sites))

    def serves(self, host: str, port: int) -> bool:
        """Whether some request to this host and port may carry the number of its subscriber."""
        return any(port in site.ports for site in self._covering(host))

    def permits(self, host: str, port: int, target: bytes) -> Permission:
        """Whether a request may carry the number of its subscriber (who has agreed, if need be).

        `host` is a name or address without port, that of the site which gets the request (not the
        text of a Host header, which a gateway may read otherwise). `target` is path and query in
        origin form, as the handset sent it: cut scheme and authority off an absolute form; an
        empty path counts as `/`. Entries that cover the host on this port add up.
        """
        return self._permission(host, port, target)

    @cached_property
    def _permission(self) -> Callable[[str, int, bytes], Permission]:
        # The same is asked several times of each request.
        return lru_cache(1 << 13)(self._decided)

    def _decided(self, host: str, port: int, target: bytes) -> Permission:
        sites = [site for site in self._covering(host) if port in site.ports]
        if not sites:
            return Permission.NO
        outcomes = {True}
        if all(site.paths for site in sites):
            outcomes = _below(target, tuple(path for site in sites for path in site.paths))
        if True in outcomes and (_refusable(target) or not _is_hostname(_plain(host))):
            outcomes = {True, False}
        return _PERMISSION[frozenset(outcomes)]

    @cached_property
    def _covering(self) -> Callable[[str], tuple[Site, ...]]:
        """The entries that cover a host, the closest first."""

        def covering(host: str) -> tuple[Site, ...]:
            found = (self._by_host.get(pattern, ()) for pattern in _patterns(host))
            return tuple(chain.from_iterable(found))

        return lru_cache(1 << 13)(covering)  # a few thousand hosts are asked for again and again

    @cached_property
    def _by_host(self) -> dict[str, list[Site]]:
        # A run asks for thousands of hosts: one look-up a label, not one a site.
        by_host: dict[str, list[Site]] = {}
        for site in self.sites:
            by_host.setdefault(_plain(site.host), []).append(site)
        return by_host

    @cached_property
    def _name(self) -> bytes:
        return _folded(self.header.encode("ascii"))

    @cached_property
    def _stripped(self) -> frozenset[bytes]:
        return frozenset(_folded(name.encode("ascii")) for name in (self.header, *self.strip))


_PERMISSION = {
    frozenset({False}): Permission.NO,
    frozenset({True}): Permission.YES,
    frozenset({True, False}): Permission.EITHER,
}


def load_policy(path: Path) -> Policy:
    """The policy in a YAML file.

    Raises `InputError` with every problem found, each with file, line and column.
    """
    with Fields(read_yaml(path)) as fields:
        source = path.read_bytes()
        identifier = fields.required("identifier", _identifier, "{header: …, value: …}")
        consent = fields.required("consent", one_of("required", "not-required"), "required")
        staleness = fields.optional("staleness", _seconds, 0.0)
        sites = fields.required("sites", listed(_site, "sites ([] for nobody)"), "[{host: …}]")
    return Policy(path, *identifier, consent == "required", staleness, sites, source)


def _identifier(node: Node) -> tuple[str, str, tuple[str, ...]]:
    with Fields(node) as fields:
        header = fields.required("header", header_name, "x-up-calling-line-id")
        value = fields.required("value", _value, '"{msisdn}"')
        strip = fields.optional("strip", listed(header_name, "header names"), ())
    return header, value, strip


def _value(node: Node) -> str:
    value = header_template("msisdn", needs="msisdn")(node)
    if len(fields_of(value)) > 1:
        fail(node, "expected `{msisdn}` once")
    return value


def _seconds(node: Node) -> float:
    expected = "seconds (0 or more, such as 2.5)"
    written = text(node, expected)
    if not _SECONDS.fullmatch(written) or not math.isfinite(float(written)):
        refuse(node, expected)
    return float(written)


def _site(node: Node) -> Site:
    with Fields(node) as fields:
        host = fields.required("host", _host, "premium.example")
        category = fields.required("category", _category, "premium")
        paths = fields.optional("paths", _some(_path, "paths", "the whole site"), ())
        ports = fields.optional("ports", _some(port, "ports", "port 80"), (HTTP_PORT,))
    return Site(host, category, paths, ports)


def _host(node: Node) -> str:
    written = text(node, "a host name, an IPv4 address or `*.` and a suffix")
    host = _plain(written)
    name = host.removeprefix("*.")
    if not written.isascii():
        refuse(node, "ASCII (the xn--… form of an international name)")
    if "*" in name:
        refuse(node, "`*` only as the first label, with a name below it")
    if re.search(r"[/:@?#\\]", name):
        refuse(node, "the host alone, without scheme, path or port (ports go into `ports`)")
    if _NUMERIC.fullmatch(name.rpartition(".")[2]):
        return _address(node, host)
    if not _is_hostname(name):
        refuse(node, "a host name: labels of letters, digits, `-` and `_`, joined by dots")
    return host


def _address(node: Node, host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        refuse(node, "a host name or an IPv4 address in dotted decimal (198.51.100.7)")


def _category(node: Node) -> str:
    category = text(node, "the name of a category")
    if not category.isprintable() or category != category.strip():
        refuse(node, "the name of a category, printable and without spaces around it")
    return category


def _path(node: Node) -> str:
    path = text(node, "a path")
    if not _POLICY_PATH.fullmatch(path):
        refuse(node, "a path that begins with `/`, of ASCII characters that need no %-encoding")
    if "//" in path or {".", ".."} & set(path.split("/")):
        refuse(node, "a path without `//`, `.` and `..`")
    return path


def _some(read: Reader[T], of: str, default: str) -> Reader[tuple[T, ...]]:
    """A reader of lists that hold something."""

    def read_some(node: Node) -> tuple[T, ...]:
        values = listed(read, of)(node)
        if not values:
            fail(node, f"the list is empty: expected {of} (leave it out for {default})")
        return values

    return read_some


def _below(target: bytes, paths: tuple[str, ...]) -> set[bool]:
    """Every answer that a defensible reading gives to: is this target below one of the paths?

    As sent and decoded must both be below; whether below the same one of several paths is left
    open too, since either way the site gets only what it may have.
    """
    sent = re.split(rb"[?#]", target, maxsplit=1)[0] or b"/"
    decoded = unquote_to_bytes(sent)
    prefixes = [path.encode("ascii") for path in paths]
    as_sent = [_above(reading, prefixes) for reading in (sent, _merged(sent))]
    as_seen = [_above(_resolved(reading), prefixes) for reading in (decoded, _merged(decoded))]
    outcomes: set[bool] = set()
    for before, after in product(as_sent, as_seen):
        outcomes |= {bool(before & after), bool(before and after)}
    return outcomes


def same_page(arrived: bytes, sent: bytes) -> bool:
    """Whether a target that arrived is the one that was sent, whatever a gateway has made of its
    spelling: decoded, or without dot segments and repeated slashes."""
    one, other = (re.split(rb"[?#]", target, maxsplit=1)[0] for target in (arrived, sent))
    return one == other or _in_full(one) == _in_full(other)


def _in_full(path: bytes) -> bytes:
    return _merged(_resolved(_merged(unquote_to_bytes(path))))


def _above(path: bytes, prefixes: list[bytes]) -> set[bytes]:
    """The prefixes that the path lies below. `/offers` holds itself and `/offers/…`, never
    `/offers-of-others`; `/offers/` does not hold `/offers`."""
    return {
        prefix
        for prefix in prefixes
        if path == prefix or path.startswith(prefix.removesuffix(b"/") + b"/")
    }


def _merged(path: bytes) -> bytes:
    return re.sub(rb"/+", b"/", path)


def _resolved(path: bytes) -> bytes:
    """The path without dot segments (RFC 3986, 5.2.4)."""
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
    if segments and segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def _refusable(target: bytes) -> bool:
    """Whether sound gateways refuse such a target, as nginx does: see the head of this file."""
    path = target.partition(b"?")[0]
    return not _ORIGIN_FORM.fullmatch(target) or b"%00" in path or _climbs(path)


def _climbs(path: bytes) -> bool:
    depth = 0
    for segment in _merged(unquote_to_bytes(path)).split(b"/")[1:]:
        depth += {b"..": -1, b".": 0}.get(segment, 1)
        if depth < 0:
            return True
    return False


def _patterns(host: str) -> Iterator[str]:
    """The patterns that cover a host, the closest first: its name, then each suffix above it."""
    name = _plain(host)
    yield name
    while "." in name:
        name = name.partition(".")[2]
        yield f"*.{name}"


def _plain(host: str) -> str:
    # Not `str.lower`: it makes an ASCII k of the Kelvin sign, and so one host of two.
    return host.removesuffix(".").translate(_ASCII_LOWER)


def _is_hostname(name: str) -> bool:
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))


def _folded(header_name: bytes) -> bytes:
    return header_name.lower().replace(b"_", b"-")
