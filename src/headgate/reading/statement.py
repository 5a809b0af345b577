r"""The words of nginx configs, cut as nginx cuts them (`ngx_conf_read_token`, nginx 1.22).

A statement is a row of words that ends in `;`, `{` or `}`. A word that begins with a quote ends at
the next one; others end at a blank, `;` or `{`, but not in `${`. A backslash takes the character
behind it along in both. nginx reads through a buffer of 4096 bytes; what does not fit is refused
there, and so here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from headgate.errors import InputError, Problem
from headgate.reading.span import Span, Text, decoded

BUFFER = 4096  # NGX_CONF_BUFFER

_BLANKS = re.compile(rb"[ \t\r\n]+")
_COMMENT = re.compile(rb"#[^\n]*")
_BARE = re.compile(rb"(?:\\[\s\S]|\$\{*|[^\\ \t\r\n;{$])*")
_QUOTED = {
    b'"': re.compile(rb'(?:\\[\s\S]|[^\\"])*'),
    b"'": re.compile(rb"(?:\\[\s\S]|[^\\'])*"),
}
_ESCAPE = re.compile(rb"\\([\"'\\trn])")
_CONTROLS = {b"t": b"\t", b"r": b"\r", b"n": b"\n"}


class End(Enum):
    """What a statement ended with; a file ends without words."""

    SEMICOLON = ";"
    OPENING = "{"
    CLOSING = "}"
    FILE = ""


@dataclass(frozen=True)
class Word:
    """One word: `text` as nginx passes it on, `span` as it was written, quotes included."""

    text: str
    span: Span
    quote: str = ""


@dataclass(frozen=True)
class Statement:
    """Words and the mark that ended them; `end` is the offset behind it."""

    words: tuple[Word, ...]
    mark: End
    end: int


def unescaped(written: bytes) -> bytes:
    """The bytes of a word, its escapes resolved. Any other backslash stays."""
    return _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[1]), written)


class Statements:
    """Cuts statements from a file, beginning wherever `at` is set to. `name` goes before the
    file's in what is wrong."""

    def __init__(self, text: Text, name: str = "") -> None:
        self.text = text
        self.at = 0
        self._data = text.data
        self._name = name

    def next(self) -> Statement:
        """The statement that begins here. Raises `InputError` where nginx would stop."""
        words: list[Word] = []
        while True:
            self._skip()
            here = self._data[self.at : self.at + 1]
            if here in (b"", b";", b"{", b"}"):
                return self._ended(tuple(words), End(here.decode()))
            if here in _QUOTED:
                words.append(self._quoted(here))
            else:
                words.append(self._bare())

    def fail(self, offset: int, what: str) -> NoReturn:
        span = self.text.span(offset, offset)
        where = f"{self._name}/{span}" if self._name else str(span)
        raise InputError(Problem(where, what))

    def _ended(self, words: tuple[Word, ...], mark: End) -> Statement:
        if mark is End.FILE and words:
            self.fail(self.at, 'unexpected end of file, expected ";" or "}"')
        if mark in (End.SEMICOLON, End.OPENING) and not words:
            self.fail(self.at, f'unexpected "{mark.value}"')
        if mark is End.CLOSING and words:
            self.fail(self.at, 'unexpected "}": expected ";" before it')
        self.at += len(mark.value)
        return Statement(words, mark, self.at)

    def _skip(self) -> None:
        """Over blanks and comments."""
        while True:
            if match := _BLANKS.match(self._data, self.at):
                self.at = match.end()
            if not (match := _COMMENT.match(self._data, self.at)):
                return
            self._fits(match.start(), match.end(), "comment")
            self.at = match.end()

    def _bare(self) -> Word:
        start = self.at
        match = _BARE.match(self._data, start)
        assert match
        end = match.end()
        mark = self._data[end : end + 1]
        # A blank does not end nginx's look at the word: it reads one byte more before it moves on.
        self._fits(start, end if mark in (b";", b"{") else end + 1, "word")
        if mark in (b"", b"\\"):
            self.fail(len(self._data), 'unexpected end of file, expected ";" or "}"')
        self.at = end
        written = self._data[start:end]
        return Word(decoded(unescaped(written)), self.text.span(start, end))

    def _quoted(self, quote: bytes) -> Word:
        start = self.at + 1
        match = _QUOTED[quote].match(self._data, start)
        assert match
        end = match.end()
        self._fits(start, end + 1, f"word, perhaps for want of a closing {quote.decode()}")
        if self._data[end : end + 1] != quote:
            self.fail(
                len(self._data), f"unexpected end of file, expected a closing {quote.decode()}"
            )
        self.at = end + 1
        follows = self._data[self.at : self.at + 1]
        if follows not in (b"", b" ", b"\t", b"\r", b"\n", b";", b"{", b")"):
            self.fail(self.at, f'unexpected "{decoded(follows)}" behind a closing quote')
        text = decoded(unescaped(match[0]))
        return Word(text, self.text.span(start - 1, self.at), quote.decode())

    def _fits(self, start: int, end: int, what: str) -> None:
        if end - start >= BUFFER and len(self._data) > start + BUFFER:
            self.fail(start, f"a {what} of more than {BUFFER} bytes")
