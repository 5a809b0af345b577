"""What a gateway's config compares, and with what."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from headgate.reading.samples import searched, translated
from headgate.reading.span import Span

MOST_WAYS = 12
LOCAL = "local"  # what a clock is called whose hour depends on the zone


class Part(Enum):
    """What of a visit a literal is about; some have names."""

    HOST = "host"
    PATH = "path"
    QUERY = "query"
    ARGUMENT = "argument"
    FIELD = "form field"
    HEADER = "header"
    COOKIE = "cookie"
    METHOD = "method"
    LINES = "lines"  # the request line, or all down to the body, as they were sent
    VERSION = "version"
    ADDRESS = "address"
    NUMBER = "number"
    BODY_SIZE = "body size"
    HEAD_SIZE = "head size"
    WHOLE_SIZE = "whole size"
    ANSWER_SIZE = "answer size"
    ANSWER_HEADER = "answer header"
    STATUS = "status"
    CHANCE = "chance"
    COUNT = "count"
    CLOCK = "clock"
    CACHE = "cache"


class Test(Enum):
    """How something is compared with a value."""

    EQUALS = "is"
    OTHER = "is not"
    CASELESS = "is, without case,"
    MATCHES = "matches"
    MATCHES_CASELESS = "matches, without case,"
    MISMATCHES = "does not match"
    CONTAINS = "contains"
    STARTS = "begins with"
    ENDS = "ends with"
    WITHIN = "is within"
    ABOVE = "is above"
    BELOW = "is below"
    PRESENT = "is there"
    ABSENT = "is not there"

    __test__ = False  # no test of pytest's


@dataclass(frozen=True)
class Literal:
    """One comparison that a config makes with something of a visit, at its place in the text.

    `value` is a text, a regex of Python's (`MATCHES…`), a network, a number of bytes, or, for a
    chance, a share of one.
    """

    part: Part
    name: str
    test: Test
    value: str
    span: Span

    def __str__(self) -> str:
        what = f"{self.part.value} {self.name}".strip()
        return f"{what} {self.test.value} {self.value}".strip()


Way = tuple[Literal, ...]
"""Literals that hold together: one way into a branch. Without any, an ordinary visit enters it."""


@dataclass(frozen=True)
class Branch:
    """A part of the config that some visits enter and others do not: `ways` lead into it. `span` is
    that of the condition, or of what opens it."""

    span: Span
    ways: tuple[Way, ...]


def joined(first: Iterable[Way], second: Iterable[Way]) -> list[Way]:
    """The ways into both of two branches, without those that contradict themselves."""
    others = list(second)
    found = [_once((*one, *other)) for one in first for other in others]
    return [way for way in dict.fromkeys(found) if not _contradicts(way)][:MOST_WAYS]


def _once(way: Way) -> Way:
    """A way without what it asks for twice."""
    known: dict[tuple[Part, str, Test, str], Literal] = {}
    for literal in way:
        known.setdefault((literal.part, literal.name, literal.test, literal.value), literal)
    return tuple(known.values())


def _contradicts(way: Way) -> bool:
    wanted: dict[tuple[Part, str], str] = {}
    for literal in way:
        if literal.test is Test.EQUALS:
            key = literal.part, literal.name
            if wanted.setdefault(key, literal.value) != literal.value:
                return True
    return False


def holds(test: Test, value: str, of: str) -> bool:
    """Whether a text passes a test."""
    if test in (Test.PRESENT, Test.ABSENT):
        return (of not in ("", "0")) is (test is Test.PRESENT)
    if test in (Test.MATCHES, Test.MATCHES_CASELESS, Test.MISMATCHES):
        return _matches(value, of, test) is not (test is Test.MISMATCHES)
    if test in (Test.ABOVE, Test.BELOW):
        return _compares(test, value, of)
    if test is Test.WITHIN:
        return _within(value, of)
    return {
        Test.EQUALS: of == value,
        Test.OTHER: of != value,
        Test.CASELESS: of.lower() == value.lower(),
        Test.CONTAINS: value in of,
        Test.STARTS: of.startswith(value),
        Test.ENDS: of.endswith(value),
    }[test]


def _matches(regex: str, of: str, test: Test) -> bool:
    flags = re.IGNORECASE if test is Test.MATCHES_CASELESS else 0
    try:
        return searched(re.compile(translated(regex), flags), of) is not False
    except (re.error, OverflowError, RecursionError):
        return False


def _compares(test: Test, value: str, of: str) -> bool:
    try:
        return (float(of) > float(value)) is (test is Test.ABOVE)
    except ValueError:
        return False


def _within(network: str, of: str) -> bool:
    try:
        return ipaddress.ip_address(of) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
