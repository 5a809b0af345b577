"""The detector: which numbers stand in some bytes, in whatever form.

Data are scanned three times at the most, each time with the automaton that is cheap for it: text
without its separators for digits and all that is made of them, long runs of the base64 alphabet
for digests, and bytes for the binary forms, unless the data are plain text, which cannot hold
them. Then each layer decodes what it finds encoded, and that is scanned in the same way, three
layers deep. Ordinary traffic holds nothing worth decoding, and most of the care is spent on
knowing so cheaply.

Not seen: encryption and salted digests (the differential witness sees these), brotli and
zstandard, and numbers of which a part is missing.
"""

from __future__ import annotations

import gc
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from headgate.forms import FORMS, Identity, Kind, Spelling, Where
from headgate.forms._exact import ExactAutomaton
from headgate.forms._spaced import Match, SpacedAutomaton
from headgate.layers import LAYERS, Budget, Decoded, Layer, Source
from headgate.layers._sift import readable
from headgate.numbers import Subscriber

DEPTH = 3
_BASE_BUDGET = 16 << 20
BETWEEN = b"\n|\n"  # no form goes across it
_CONTROL = bytes(set(range(32)) - set(b"\t\r\n"))
_LEAST_HALF = 3
_LONGEST_NUMBER = 48
_DIGITS_LAST = re.compile(rb"[0-9]{%d}\Z" % _LEAST_HALF)
_DIGITS_FIRST = re.compile(rb"[0-9]{%d}" % _LEAST_HALF)


@dataclass(frozen=True)
class Hit:
    """A number in data, from `start` to before `end`.

    `form` says how it was written, for people: `digits, international, in base64, in gzip`. Inside
    a compressed member a number has no place of its own; then it is the place of the member.
    """

    start: int
    end: int
    subscriber: Subscriber
    form: str
    identity: Kind


@dataclass(frozen=True)
class SplitHit:
    """A number of which one part ends the value at `index` and the rest begins the next one."""

    index: int
    subscriber: Subscriber
    form: str
    identity: Kind


class _Found(NamedTuple):
    match: Match
    layers: int


class Scanner:
    """Finds the numbers of some subscribers; built once a run, about 1 ms a subscriber."""

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        self._owners = [owner for each in subscribers for owner in _identities(each)]
        with _collector_at_rest():
            self._build()

    def _build(self) -> None:
        spellings = [
            (owner, [s for form in FORMS for s in form.spellings(identity)])
            for owner, (_, identity) in enumerate(self._owners)
        ]
        raw = _of(spellings, Where.RAW)
        self._spaced = SpacedAutomaton(_of(spellings, Where.SPACED, Where.SOLID))
        self._long = ExactAutomaton(_of(spellings, Where.LONG))
        self._raw = ExactAutomaton(raw)
        self._text_holds_raw = any(_is_text(s.data) for _, patterns in raw for s in patterns)

    def find(self, data: bytes) -> list[Hit]:
        """All numbers in `data`, by place; of one inside another of the same identity the longer.

        What is decoded on the way is bounded by 16 MiB and eight times the size of the data.
        """
        found = self._scan(data, 0, _budget(data))
        return [self._hit(found.match) for found in _outermost(found)]

    def places(self, data: bytes) -> list[int] | None:
        """Where numbers begin in `data`; None when the bound on decoding was met."""
        budget = _budget(data)
        found = self._scan(data, 0, budget)
        return None if budget.spent else [one.match.start for one in found]

    def find_split(self, values: Sequence[bytes]) -> list[SplitHit]:
        """Numbers that stand in no value alone but across two neighbours, in digits.

        At least three digits of the number end the one and at least three begin the other.
        """
        return [
            SplitHit(index, hit.subscriber, hit.form, hit.identity)
            for index, (left, right) in enumerate(pairwise(values))
            if _DIGITS_LAST.search(left) and _DIGITS_FIRST.match(right)
            for hit in self._across(left[-_LONGEST_NUMBER:], right[:_LONGEST_NUMBER])
        ]

    def _across(self, left: bytes, right: bytes) -> Iterator[Hit]:
        reach = range(len(left) - _LEAST_HALF + 1)
        found = [_Found(match, 0) for match in self._spaced.find(left + right)]
        for match, _ in _outermost(found):
            if match.start in reach and match.end >= len(left) + _LEAST_HALF:
                yield self._hit(match)

    def _hit(self, match: Match) -> Hit:
        subscriber, identity = self._owners[match.owner]
        return Hit(match.start, match.end, subscriber, match.name, identity.kind)

    def _scan(self, data: bytes, depth: int, budget: Budget) -> list[_Found]:
        source = Source(data)
        found = [_Found(match, depth) for match in self._bare(source)]
        if depth < DEPTH:
            for layer in LAYERS:
                found += self._inside(layer, source, depth, budget)
        return found

    def _bare(self, source: Source) -> Iterator[Match]:
        """What stands in the data themselves."""
        yield from self._spaced.find(source.data)
        if self._text_holds_raw or not _is_text(source.data):
            yield from self._raw.find(source.data)
        place = source.runs.origin
        for match in self._long.find(source.runs.text):
            yield match._replace(start=place(match.start), end=place(match.end - 1) + 1)

    def _inside(self, layer: Layer, source: Source, depth: int, budget: Budget) -> list[_Found]:
        found: list[_Found] = []
        parts = None
        for decoded in layer.decode(source, budget):
            parts = parts or _Parts()
            if decoded.junk and decoded.binary:
                raw = self._raw.find(decoded.data)
                found += (_Found(_outside(match, decoded, 0), depth + 1) for match in raw)
            parts.add(decoded, budget)
        if parts and parts.texts:
            inner = self._scan(BETWEEN.join(parts.texts), depth + 1, budget)
            found += (_Found(parts.outside(match), layers) for match, layers in inner)
        return found


class _Parts:
    """What a layer gave, to be scanned in one go."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self._starts: list[int] = []
        self._came_from: list[tuple[Decoded, int]] = []
        self._length = 0

    def add(self, decoded: Decoded, budget: Budget) -> None:
        whole = [(0, len(decoded.data))]
        for start, end in readable(decoded.data, budget) if decoded.junk else whole:
            self.texts.append(decoded.data[start:end])
            self._starts.append(self._length)
            self._came_from.append((decoded, start))
            self._length += end - start + len(BETWEEN)

    def outside(self, match: Match) -> Match:
        part = bisect_right(self._starts, match.start) - 1
        decoded, start = self._came_from[part]
        return _outside(match, decoded, start - self._starts[part])


def _outside(match: Match, decoded: Decoded, shift: int) -> Match:
    start, end = decoded.locate(match.start + shift, match.end + shift)
    return Match(start, end, match.owner, f"{match.name}, in {decoded.name}")


def _budget(data: bytes) -> Budget:
    return Budget(_BASE_BUDGET + 8 * len(data), 4096 + len(data) // 1024)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Without looking for garbage: a hundred thousand small objects are made, and all are kept.

    It halves the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _identities(subscriber: Subscriber) -> tuple[tuple[Subscriber, Identity], ...]:
    msisdn = Identity("msisdn", subscriber.msisdn)
    return (subscriber, msisdn), (subscriber, Identity("imsi", subscriber.imsi))


def _of(
    spellings: list[tuple[int, list[Spelling]]], *places: Where
) -> list[tuple[int, list[Spelling]]]:
    return [(owner, [s for s in every if s.where in places]) for owner, every in spellings]


def _is_text(data: bytes) -> bool:
    """Whether these are text in UTF-8 without control characters but tab, CR and LF."""
    if len(data.translate(None, _CONTROL)) < len(data):
        return False
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _outermost(found: list[_Found]) -> list[_Found]:
    """Without those inside another of the same owner; of several at one place the plainest."""
    if len(found) < 2:
        return found
    kept: list[_Found] = []
    reached: dict[int, int] = {}
    for each in sorted(found, key=lambda f: (f.match.start, -f.match.end, f.layers)):
        if each.match.end > reached.get(each.match.owner, -1):
            reached[each.match.owner] = each.match.end
            kept.append(each)
    return kept
