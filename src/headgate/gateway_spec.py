"""How a candidate's gateway is run: its image, ports, commands, and where it learns who is who.

A candidate's `gateway.yaml` is laid over the defaults key by key. Lists are replaced as a whole, so
are `sessions` of another kind; a field of the Redis hash that is set to null is left out of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from headgate.errors import InputError, Problem
from headgate.numbers import Subscriber
from headgate.request import EXPLICIT, TRANSPARENT
from headgate.values import filled, header_name, header_template, port, template, text
from headgate.yamlfile import (
    Fields,
    Mapping,
    Node,
    Reader,
    Scalar,
    alternatives,
    fail,
    listed,
    merged,
    pairs,
    read_yaml,
    refuse,
)

T = TypeVar("T")

FILE_NAME = "gateway.yaml"
TEMPLATE_FIELDS = ("ip", "msisdn", "imsi", "consent")

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")  # none that reads as an option of a command


@dataclass(frozen=True)
class RedisSessions:
    """A Redis hash per attached handset: `fields` are pairs of field name and template."""

    port: int
    key: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FileSessions:
    """A file with a line per attached handset; `path` is relative to the gateway's `install`."""

    path: PurePosixPath
    line: str


@dataclass(frozen=True)
class HeaderSessions:
    """A header that the packet core sets on every request of an attached handset."""

    name: str
    value: str


Sessions = RedisSessions | FileSessions | HeaderSessions


@dataclass(frozen=True)
class GatewaySpec:
    """How to run a gateway. A port that is None is not offered; at least one is. Commands are
    lists of words, no shell. `install` is the absolute directory that the files go to."""

    image: str
    install: PurePosixPath
    proxy_port: int | None
    transparent_port: int | None
    validate: tuple[str, ...]
    start: tuple[str, ...]
    reload: tuple[str, ...]
    sessions: Sessions

    @property
    def modes(self) -> tuple[str, ...]:
        """The ways in which a handset reaches this gateway."""
        offered = ((EXPLICIT, self.proxy_port), (TRANSPARENT, self.transparent_port))
        return tuple(mode for mode, port in offered if port is not None)


def fill(written: str, *, ip: str, subscriber: Subscriber) -> str:
    """A template of `sessions`, filled for the subscriber who holds the address."""
    consent = "yes" if subscriber.consent else "no"
    return filled(written, ip=ip, msisdn=subscriber.msisdn, imsi=subscriber.imsi, consent=consent)


def load_gateway_spec(candidate: Path, defaults: Path) -> GatewaySpec:
    """The spec of the candidate in this directory: its `gateway.yaml`, if it has one, over the
    file of defaults.

    Raises `InputError` with every problem found; each names the file that holds the value.
    """
    tree = read_yaml(defaults)
    own = candidate / FILE_NAME
    if own.is_symlink():
        raise InputError(Problem(str(own), "this is a symbolic link: expected the file itself"))
    if own.exists():
        tree = _overridden(tree, read_yaml(own))
    return _spec(tree)


def _overridden(base: Node, over: Node) -> Node:
    if not isinstance(over, Mapping):
        refuse(over, "a mapping (key: value)")
    if isinstance(base, Mapping) and _kind(over) not in (None, _kind(base)):
        entries = {key: entry for key, entry in base.entries.items() if key != "sessions"}
        base = Mapping(base.where, base.name, entries, base.problems)
    return merged(base, over)


def _kind(tree: Mapping) -> frozenset[str] | None:
    """The keys of `sessions`; None where there are none."""
    entry = tree.entries.get("sessions")
    if entry is None or not isinstance(entry.node, Mapping):
        return None
    return frozenset(entry.node.entries) or None


def _spec(node: Node) -> GatewaySpec:
    with Fields(node) as fields:
        image = fields.required("image", _image, "headgate/gateway")
        install = fields.required("install", _install, "/etc/nginx")
        ports = fields.required("ports", _ports, "{proxy: 8080, transparent: 80}")
        commands = fields.required("commands", _commands, "{validate: …, start: …, reload: …}")
        sessions = fields.required("sessions", _sessions, "{redis: {port: 6379, …}}")
    return GatewaySpec(image, install, *ports, *commands, sessions)


def _image(node: Node) -> str:
    expected = "the name of an image, such as headgate/gateway"
    image = text(node, expected)
    if not _IMAGE.fullmatch(image):
        refuse(node, expected)
    return image


def _install(node: Node) -> PurePosixPath:
    expected = "an absolute path below `/`, without `..`"
    path = PurePosixPath(text(node, expected))
    if path.root != "/" or ".." in path.parts or not path.name:
        refuse(node, expected)
    return path


def _ports(node: Node) -> tuple[int | None, int | None]:
    with Fields(node) as fields:
        proxy = fields.required("proxy", _or_none(port), "8080")
        transparent = fields.required("transparent", _or_none(port), "80")
    if proxy is None and transparent is None:
        fail(node, "neither port is offered: expected proxy, transparent or both")
    return proxy, transparent


def _or_none(read: Reader[T]) -> Reader[T | None]:
    """A reader that takes the null for an answer."""

    def read_or_none(node: Node) -> T | None:
        if isinstance(node, Scalar) and node.text is None:
            return None
        return read(node)

    return read_or_none


def _commands(node: Node) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    with Fields(node) as fields:
        validate = fields.required("validate", _command, "[nginx, -t]")
        start = fields.required("start", _command, '[nginx, -g, "daemon off;"]')
        reload = fields.required("reload", _command, "[nginx, -s, reload]")
    return validate, start, reload


def _command(node: Node) -> tuple[str, ...]:
    words = listed(text, "words, such as [nginx, -t]")(node)
    if not words:
        fail(node, "the list is empty: expected words, such as [nginx, -t]")
    return words


def _sessions(node: Node) -> Sessions:
    _one_kind(node)
    with Fields(node) as fields:
        given = [
            fields.optional("redis", _redis, None),
            fields.optional("file", _file, None),
            fields.optional("header", _header, None),
        ]
    return next(sessions for sessions in given if sessions is not None)


def _one_kind(node: Node) -> None:
    if not isinstance(node, Mapping):
        return  # `Fields` says so
    kinds = ("redis", "file", "header")
    given = [kind for kind in kinds if kind in node.entries]
    if len(given) > 1 or not node.entries:
        found = " and ".join(given) or "none"
        fail(node, f"expected exactly one of {alternatives(kinds)}, found {found}")


def _redis(node: Node) -> RedisSessions:
    with Fields(node) as fields:
        store_port = fields.required("port", port, "6379")
        key = fields.required("key", template(*TEMPLATE_FIELDS, needs="ip"), '"session:{ip}"')
        hash_fields = fields.required("fields", _hash_fields, '{msisdn: "{msisdn}"}')
    return RedisSessions(store_port, key, hash_fields)


def _hash_fields(node: Node) -> tuple[tuple[str, str], ...]:
    read = pairs(_or_none(template(*TEMPLATE_FIELDS)), "field names and templates")
    kept = tuple((name, written) for name, written in read(node) if written is not None)
    if not kept:
        fail(node, 'no field is left: expected such as `msisdn: "{msisdn}"`')
    return kept


def _file(node: Node) -> FileSessions:
    with Fields(node) as fields:
        path = fields.required("path", _below_install, "subscribers.map")
        line = fields.required("line", _line, '"{ip} {msisdn};"')
    return FileSessions(path, line)


def _below_install(node: Node) -> PurePosixPath:
    expected = "the path of a file, relative to `install` and below it"
    path = PurePosixPath(text(node, expected))
    if path.is_absolute() or ".." in path.parts or not path.name:
        refuse(node, expected)
    return path


def _line(node: Node) -> str:
    line = template(*TEMPLATE_FIELDS, needs="ip")(node)
    if len(line.splitlines()) > 1 or line != line.rstrip("\r\n"):
        refuse(node, "a single line, without its line break")
    return line


def _header(node: Node) -> HeaderSessions:
    with Fields(node) as fields:
        name = fields.required("name", header_name, "x-core-msisdn")
        value = fields.required("value", header_template(*TEMPLATE_FIELDS), '"{msisdn}"')
    return HeaderSessions(name, value)
