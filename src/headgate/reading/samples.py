r"""Texts that match a regex, and texts that nearly do.

The regexes are PCRE's, as nginx and `ngx.re` take them, read by Python's own parser once the
spellings that differ are put right. Every text is held against the regex before it is given out,
so one that came out wrong (a look-behind, say) costs a try and no more; a regex that Python cannot
read gives none. The texts are short and drawn from letters, digits and what URLs hold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

TRIES = 12
LONGEST = 500
# Python's search may take exponential time in the length of a text, where repeats stand in each
# other or in a row; a candidate may be written to make it so.
LONGEST_SEARCHED = 1000
LONGEST_SEARCHED_BACK = 20
LONGEST_RUN = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_USUAL = _LETTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~/:=&,;?%+@!$'()* \t|^#<>[]{}\"\\`\n\r"
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9A-Fa-f",
    "space": r"\s",
    "word": r"\w",
    "punct": "!-/:-@\\[-`{-~",
}
_OTHERWISE = re.compile(
    r"(?P<name>\(\?<(?=[A-Za-z_]))|(?P<class>\[:(?P<kind>[a-z]+):\])|(?P<end>\\z)|(?P<blank>\\h)"
    r"|(?P<line>\\R)|(?P<hex>\\x\{(?P<point>[0-9A-Fa-f]+)\})|\\Q(?P<quote>[\s\S]*?)(?:\\E|\Z)"
    r"|(?P<named>\\[kg][{<'](?P<to>[A-Za-z_]\w*)[}>'])|(?P<keep>\\K)|(?P<other>\\[\s\S])"
)


@lru_cache(1024)
def translated(regex: str) -> str:
    """A regex of PCRE's as Python writes it (pcre2syntax(3); re)."""
    return _OTHERWISE.sub(_as_python, regex)


def _as_python(match: re.Match[str]) -> str:
    if match["quote"] is not None:
        return re.escape(match["quote"])
    if match["kind"]:
        return _CLASSES.get(match["kind"], match[0])
    if match["point"]:
        return re.escape(chr(min(int(match["point"], 16), 0x10FFFF)))
    if match["to"]:
        return f"(?P={match['to']})"
    plain = {"name": "(?P<", "end": r"\Z", "blank": r"[ \t]", "line": r"\r?\n", "keep": ""}
    return next((plain[kind] for kind in plain if match[kind]), match[0])


def matching(regex: str, rng: random.Random, count: int, *, caseless: bool = False) -> list[str]:
    """Up to so many different texts that match, short ones first."""
    try:
        written = translated(regex)
        compiled = re.compile(written, re.IGNORECASE if caseless else 0)
        tree = _parser.parse(written)
    except (re.error, OverflowError, RecursionError):
        return []
    found: dict[str, None] = {}
    for attempt in range(TRIES * count):
        text = _Maker(rng, attempt % LONGEST_RUN).text(tree)
        if text is not None and searched(compiled, text) is not False:
            found[text] = None
        if len(found) == count:
            break
    return sorted(found, key=len)


def searched(regex: re.Pattern[str], text: str) -> bool | None:
    """Whether a text matches; None where finding out might take too long."""
    longest = LONGEST_SEARCHED_BACK if _turns_back(regex.pattern) else LONGEST_SEARCHED
    return regex.search(text) is not None if len(text) <= longest else None


@lru_cache(1024)
def _turns_back(regex: str) -> bool:
    """Whether repeats without end stand in a repeat, or more than two in a row."""
    tree = _parser.parse(regex)
    return _repeats(tree, 1) > 2


def _repeats(tree: Any, times: int) -> int:
    """How many repeats without end a tree has, those in a repeat counted many times."""
    found = 0
    for code, value in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, most, inner = value
            endless = most > LONGEST_RUN
            found += times * endless + _repeats(inner, 10 * times if most > 1 else times)
        elif code is codes.BRANCH:
            found += sum(_repeats(one, times) for one in value[1])
        elif code in (codes.SUBPATTERN, codes.ASSERT, codes.ASSERT_NOT):
            found += _repeats(value[-1], times)
    return found


def nearly(text: str, rng: random.Random) -> list[str]:
    """What is almost a text: a character less at either end, one more, another, another case."""
    at = rng.randrange(len(text)) if text else 0
    other = rng.choice([char for char in _LETTERS if char != text[at : at + 1]])
    near = (text[:-1], text[1:], text + other, other + text, text[:at] + other + text[at + 1 :])
    return [one for one in dict.fromkeys((*near, text.swapcase())) if one and one != text]


class _TooLongError(Exception):
    """A text has grown too long."""


class _Maker:
    """Makes one text from the tree of a regex; `more` is how many repetitions beyond the least."""

    def __init__(self, rng: random.Random, more: int) -> None:
        self._rng = rng
        self._more = more
        self._groups: dict[int, str] = {}
        self._left = LONGEST

    def text(self, tree: Any) -> str | None:
        """One text; None where it would be too long."""
        try:
            return self.sequence(tree)
        except _TooLongError:
            return None

    def sequence(self, tree: Any) -> str:
        return "".join(self._one(code, value) for code, value in tree)

    def _one(self, code: Any, value: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise _TooLongError
        made = _MAKERS.get(code)
        return made(self, value) if made else ""

    def _repeat(self, value: Any) -> str:
        least, most, tree = value
        times = min(int(most), least + self._more)
        return "".join(self.sequence(tree) for _ in range(times))

    def _group(self, value: Any) -> str:
        number, text = value[0], self.sequence(value[-1])
        if number is not None:
            self._groups[number] = text
        return text

    def _set(self, value: Any) -> str:
        return self._rng.choice(_members(tuple(value)) or "?")

    def _branch(self, value: Any) -> str:
        return self.sequence(self._rng.choice(value[1]))

    def _reference(self, value: Any) -> str:
        return self._groups.get(value, "")

    def _any(self, _: Any) -> str:
        return self._rng.choice(_LETTERS)

    def _not(self, value: Any) -> str:
        return self._rng.choice(_LETTERS.replace(chr(value), ""))


_MAKERS: dict[Any, Callable[[_Maker, Any], str]] = {
    codes.LITERAL: lambda _, value: chr(value),
    codes.NOT_LITERAL: _Maker._not,
    codes.ANY: _Maker._any,
    codes.IN: _Maker._set,
    codes.BRANCH: _Maker._branch,
    codes.SUBPATTERN: _Maker._group,
    codes.ATOMIC_GROUP: lambda maker, value: maker.sequence(value),
    codes.MAX_REPEAT: _Maker._repeat,
    codes.MIN_REPEAT: _Maker._repeat,
    codes.POSSESSIVE_REPEAT: _Maker._repeat,
    codes.GROUPREF: _Maker._reference,
}


@lru_cache(1024)
def _members(items: tuple[Any, ...]) -> str:
    """The characters of a set that may be drawn: those of the first usual kind that has any."""
    negated = items[0][0] is codes.NEGATE
    inside = [char for char in _USUAL if any(_has(item, char) for item in items) is not negated]
    plain = [char for char in inside if char in _LETTERS]
    plain = plain or [char for char in inside if char.isprintable()]
    own = "".join(_own(items)) if not negated else ""
    return "".join(plain) or "".join(inside) or own


def _has(item: Any, char: str) -> bool:
    code, value = item
    if code is codes.LITERAL:
        return ord(char) == value  # type: ignore[no-any-return]
    if code is codes.RANGE:
        return value[0] <= ord(char) <= value[1]  # type: ignore[no-any-return]
    if code is codes.CATEGORY:
        return _CATEGORIES[value].match(char) is not None
    return False


def _own(items: tuple[Any, ...]) -> Iterator[str]:
    """What a set names itself."""
    for code, value in items:
        if code in (codes.LITERAL, codes.RANGE):
            yield chr(value if code is codes.LITERAL else value[0])


_CATEGORIES = {
    codes.CATEGORY_DIGIT: re.compile(r"\d"),
    codes.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    codes.CATEGORY_SPACE: re.compile(r"\s"),
    codes.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    codes.CATEGORY_WORD: re.compile(r"\w"),
    codes.CATEGORY_NOT_WORD: re.compile(r"\W"),
}
