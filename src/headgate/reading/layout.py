"""A file as it is laid out: every byte once, by what it is in the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from headgate.reading.config import Directive, Included

_COMMENT = re.compile(rb"#[^\n]*")


class Kind(Enum):
    """What a stretch of a file is."""

    NAME = "name"
    ARGUMENT = "argument"
    MARK = "mark"
    LUA = "lua"
    COMMENT = "comment"
    BLANK = "blank"


class Piece(NamedTuple):
    """A stretch from `start` up to `end`."""

    kind: Kind
    start: int
    end: int


def pieces(included: Included) -> Iterator[Piece]:
    """A file in pieces, in order and without gaps: what is between the words of its tree is marks,
    comments and blanks."""
    data, at = included.text.data, 0
    for piece in _of(included.directives):
        yield from _between(data, at, piece.start)
        yield piece
        at = piece.end
    yield from _between(data, at, len(data))


def _of(directives: tuple[Directive, ...]) -> Iterator[Piece]:
    for directive in directives:
        for word in directive.words:
            kind = Kind.NAME if word is directive.words[0] else Kind.ARGUMENT
            yield Piece(kind, word.span.start, word.span.end)
        if directive.body:
            yield Piece(Kind.MARK, directive.body.start - 1, directive.body.start)
            if directive.block is None:
                yield Piece(Kind.LUA, directive.body.start, directive.body.end)
            else:
                yield from _of(directive.block)
        yield Piece(Kind.MARK, directive.span.end - 1, directive.span.end)


def _between(data: bytes, start: int, end: int) -> Iterator[Piece]:
    at = start
    for match in _COMMENT.finditer(data, start, end):
        if at < match.start():
            yield Piece(Kind.BLANK, at, match.start())
        yield Piece(Kind.COMMENT, match.start(), match.end())
        at = match.end()
    if at < end:
        yield Piece(Kind.BLANK, at, end)
