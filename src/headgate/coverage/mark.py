"""The branches of a config as they are marked in its copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from headgate.reading.config import Directive
from headgate.reading.span import Span, decoded


class Kind(StrEnum):
    """What is counted, by the name that the figures have for it."""

    SERVER = "servers"
    LOCATION = "locations"
    IF = "ifs"
    METHODS = "limits of methods"
    MAP = "map entries"
    GEO = "geo entries"
    SPLIT = "split entries"
    LUA = "Lua lines"


BLOCKS = {
    "server": Kind.SERVER,
    "location": Kind.LOCATION,
    "if": Kind.IF,
    "limit_except": Kind.METHODS,
}
VALUES = {"map": Kind.MAP, "geo": Kind.GEO, "split_clients": Kind.SPLIT}

_LONGEST = 72


@dataclass(frozen=True)
class Mark:
    """A branch that has a number in the copy. `block` is all of it, `span` what opens it."""

    kind: Kind
    number: int
    span: Span
    block: Span
    words: str


def words_of(directive: Directive) -> str:
    """A directive as a person knows it again, without what is in its block."""
    if directive.name == "server":
        told = [*_told(directive, "server_name"), *_told(directive, "listen")]
        return _short(" ".join(["server", *(f"({one})" for one in told[:1])]))
    return _short(" ".join(word.text or '""' for word in directive.words))


def _told(directive: Directive, name: str) -> Iterator[str]:
    for inner in directive.inner:
        if inner.name == name and inner.args and inner.args[0].text:
            yield f"{name} {inner.args[0].text}"


def _short(text: str) -> str:
    text = decoded(text.encode("utf-8", "replace"))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
