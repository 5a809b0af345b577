"""Readers of the single values that more than one input file holds: words, ports, header names,
templates. See `yamlfile` for what a reader is."""

from __future__ import annotations

import re
from collections.abc import Collection

from headgate.yamlfile import (
    Node,
    Reader,
    Scalar,
    alternatives,
    fail,
    nearest,
    refuse,
    shown,
)

HIGHEST_PORT = 65535

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")  # RFC 9110, 5.5, ASCII
_UNUSABLE = re.compile(r"[\0\ud800-\udfff]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}]*)\}|[{}]")

# No message does without these, so none of them can be withheld or hold a number.
_FRAMING = frozenset({"connection", "content-length", "host", "transfer-encoding"})


def text(node: Node, expected: str = "a text") -> str:
    """The node's text: not empty, nothing that UTF-8 or a program's argument cannot hold."""
    if not isinstance(node, Scalar) or not node.text:
        refuse(node, expected)
    if _UNUSABLE.search(node.text):
        fail(node, "the text holds a NUL character or half a surrogate pair: expected neither")
    return node.text


def one_of(*choices: str) -> Reader[str]:
    """A reader of one of the words given."""

    def read(node: Node) -> str:
        word = text(node, alternatives(choices))
        if word not in choices:
            if close := nearest(word, choices):
                fail(node, f"found {shown(word)}: did you mean `{close}`?")
            refuse(node, alternatives(choices))
        return word

    return read


def port(node: Node) -> int:
    """A TCP port, 1 to 65535, in decimal."""
    expected = f"a port (1 to {HIGHEST_PORT})"
    written = text(node, expected)
    if not _PORT.fullmatch(written) or int(written) > HIGHEST_PORT:
        refuse(node, expected)
    return int(written)


def header_name(node: Node) -> str:
    """The name of an HTTP header (a token, RFC 9110, 5.6.2), in the letters it was written in."""
    expected = "a header name (letters, digits and any of !#$%&'*+-.^_`|~)"
    name = text(node, expected)
    if not _TOKEN.fullmatch(name):
        refuse(node, expected)
    if name.lower() in _FRAMING:
        fail(node, f"{shown(name)} is part of every message: expected a header of its own")
    return name


def header_template(*allowed: str, needs: str | None = None) -> Reader[str]:
    """A reader of templates that stand in a header line: visible ASCII with spaces inside."""
    plain = template(*allowed, needs=needs)

    def read(node: Node) -> str:
        written = plain(node)
        if not _FIELD_VALUE.fullmatch(written):
            refuse(node, "visible ASCII characters, with spaces only inside")
        return written

    return read


def template(*allowed: str, needs: str | None = None) -> Reader[str]:
    """A reader of texts with `{fields}`: those allowed may stand in it, the one needed must.
    A brace that is meant as such is written twice, so that no mistyped field goes unnoticed."""

    def read(node: Node) -> str:
        written = text(node, f'a text, such as "{_braced(allowed[:1])}" in quotes')
        for piece in _PIECE.finditer(written):
            if complaint := _complaint(piece, allowed):
                fail(node, complaint)
        if needs and needs not in fields_of(written):
            refuse(node, f"a text that holds `{{{needs}}}`")
        return written

    return read


def fields_of(written: str) -> list[str]:
    """The names of the fields that a template uses, in order, as often as it uses them."""
    return [piece["field"] for piece in _PIECE.finditer(written) if piece["field"] is not None]


def filled(written: str, **fields: str) -> str:
    """A template with its fields replaced and its double braces made single.

    >>> filled('{{"{ip}": "{msisdn}"}}', ip="100.64.128.1", msisdn="447700900123")
    '{"100.64.128.1": "447700900123"}'
    """
    return _PIECE.sub(lambda piece: _replacement(piece, fields), written)


def _replacement(piece: re.Match[str], fields: dict[str, str]) -> str:
    return piece[0][0] if piece["field"] is None else fields[piece["field"]]


def _complaint(piece: re.Match[str], allowed: Collection[str]) -> str | None:
    if piece[0] in ("{{", "}}") or piece["field"] in allowed:
        return None
    if piece["field"] is None:
        return f"a `{piece[0]}` stands alone: expected {_braced(allowed)}, or `{piece[0] * 2}`"
    close = nearest(piece["field"], allowed)
    expected = f"did you mean `{{{close}}}`?" if close else f"expected {_braced(allowed)}"
    return f"unknown field {shown(piece[0])}: {expected}"


def _braced(names: Collection[str]) -> str:
    return alternatives(f"{{{name}}}" for name in names)
