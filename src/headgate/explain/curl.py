"""A request as a command that a person can type at a handset."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from headgate.http import Field, Message
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.request import EXPLICIT

# What curl sends of itself, unless it is told not to.
_OWN = ("User-Agent", "Accept")


def command(messages: Sequence[bytes], *, handset: str, mode: str, address: str, port: int) -> str:
    """`curl` with the very lines of the request; where curl cannot send it, the bytes by `nc`."""
    words = _curl(Message(messages[0]), mode, address, port) if len(messages) == 1 else None
    if words is None:
        escaped = b"".join(messages).decode("latin-1").encode("unicode_escape").decode()
        return f"printf {shlex.quote(escaped)} | nc -s {handset} {address} {port}"
    return shlex.join(["curl", "--interface", handset, *words])


def _curl(message: Message, mode: str, address: str, port: int) -> list[str] | None:
    target = message.target.decode("latin-1")
    hosts = [one.value.decode("latin-1") for one in message.fields if one.name.lower() == b"host"]
    version = message.start_line.rpartition(b" ")[2]
    usual = version in (b"HTTP/1.1", b"HTTP/1.0") and len(hosts) == 1
    if not usual or not _plain(message) or b"transfer-encoding" in _names(message):
        return None
    words = ["--http1.0"] if version.endswith(b"0") else []
    words += _method(message)
    if mode == EXPLICIT:
        if not target.startswith("http://"):
            return None
        url = target
        words += ["--proxy", f"http://{GATEWAY_ACCESS}:{port}", "-H", "Proxy-Connection:"]
        host = target.removeprefix("http://").partition("/")[0].partition("?")[0]
        words += [] if host == hosts[0] else ["-H", f"Host: {hosts[0]}"]
    else:
        if not target.startswith("/"):
            return None
        url = f"http://{hosts[0]}{target}"
        words += ["--connect-to", f"::{address}:{port}"]
    words += [word for line in _headers(message) for word in ("-H", line)]
    return [*words, "--path-as-is", url]


def _method(message: Message) -> Iterator[str]:
    method = message.method.decode("latin-1")
    if message.body:
        yield from ("--data-binary", message.body.decode("latin-1"))
    if method == "HEAD":
        yield "--head"
    elif method != ("POST" if message.body else "GET"):
        yield from ("-X", method)


def _headers(message: Message) -> Iterator[str]:
    names = _names(message)
    yield from (f"{name}:" for name in _OWN if name.lower().encode() not in names)
    if message.body and b"content-type" not in names:
        yield "Content-Type:"
    for field in message.fields:
        if field.name.lower() not in (b"host", b"content-length"):
            yield _line(field)


def _line(field: Field) -> str:
    name, value = field.name.decode("latin-1"), field.value.decode("latin-1")
    return f"{name}: {value}" if value else f"{name};"


def _names(message: Message) -> set[bytes]:
    return {one.name.lower() for one in message.fields}


def _plain(message: Message) -> bool:
    """Whether curl would send these very lines."""
    head = message.raw[: message.body_start]
    lines = [b"%b: %b\r\n" % (one.name, one.value) for one in message.fields]
    written = message.start_line + b"\r\n" + b"".join(lines) + b"\r\n"
    return written == head.replace(b":\r\n", b": \r\n") and head.isascii()
