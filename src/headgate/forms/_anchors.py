"""Finding many texts at once: an automaton over short anchors, then a table of whole texts.

The texts of one form are alike for all subscribers of a network (`447700`...), and a great
automaton of them is slow: it does not fit into the processor's cache. So from each text a part
is chosen that others have too where that can be, the automaton finds these parts, and the text
around one is looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from ahocorasick_rs import BytesAhoCorasick, Implementation

T = TypeVar("T")


class Anchors(Generic[T]):
    """Finds the texts of `patterns`; `width` is the length of an anchor."""

    def __init__(
        self, patterns: Iterable[tuple[bytes, T]], width: int, *, scattered: bool = False
    ) -> None:
        """`scattered` says that the patterns have nothing in common, as digests have not."""
        self._meanings: dict[bytes, list[T]] = {}
        for text, meaning in patterns:
            self._meanings.setdefault(text, []).append(meaning)
        texts = sorted(self._meanings, key=len)
        places = (0 for _ in texts) if scattered else map(_Choice(texts, width).of, texts)
        shapes: dict[bytes, set[tuple[int, int]]] = {}
        for text, before in zip(texts, places, strict=True):
            shape = -len(text), before  # so that the longest is sorted to the front
            shapes.setdefault(text[before : before + width], set()).add(shape)
        self._shapes = [sorted(each) for each in shapes.values()]
        # Few states that are met often against many that are met once.
        kind = Implementation.ContiguousNFA if scattered else Implementation.DFA
        self._automaton = BytesAhoCorasick(list(shapes), implementation=kind)

    def find(self, data: bytes) -> Iterator[list[tuple[int, T]]]:
        """For each anchor in `data` the texts around it, each with its start, the longest first."""
        matches = self._automaton.find_matches_as_indexes(data, overlapping=True)
        for anchor, at, _ in matches:
            if around := list(self._around(data, at, self._shapes[anchor])):
                yield around

    def _around(
        self, data: bytes, at: int, shapes: list[tuple[int, int]]
    ) -> Iterator[tuple[int, T]]:
        for length, before in shapes:
            start, end = at - before, at - before - length
            if start >= 0 and end <= len(data):
                for meaning in self._meanings.get(data[start:end], ()):
                    yield start, meaning


class _Choice:
    """Which part of a text is its anchor; the texts must come with the shortest first."""

    def __init__(self, texts: list[bytes], width: int) -> None:
        self._width = width
        self._common = Counter([text[:width] for text in texts])
        self._common.update([text[-width:] for text in texts])
        self._chosen: set[bytes] = set()

    def of(self, text: bytes) -> int:
        """Where it begins: one that is chosen already, or the more common of the two ends."""
        width, last, chosen = self._width, len(text) - self._width, self._chosen
        if last < 0:
            return 0
        for at in range(last + 1):
            if text[at : at + width] in chosen:
                return at
        common = self._common
        at = last if common[text[last:]] > common[text[:width]] else 0
        chosen.add(text[at : at + width])
        return at
