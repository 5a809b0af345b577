"""Which lines a finding is owed to: parts of a copy of the config are switched off until it goes.

What counts is an edit after which the finding is gone, the request still arrives, and permitted
sites get what they got. Of several the innermost counts, and where none does so alone, the fewest
that do so together. How many are tried is bounded, not for how long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from headgate.explain.ddmin import ddmin, one_by_one
from headgate.explain.edits import CONDITION, LETS_THROUGH, SETS, Edit

MOST_INNER = 4
_ENTRIES = ("map", "geo", "split_clients")


@dataclass(frozen=True)
class Effect:
    """What edits bring about: the request's finding is `gone`; `keeps` says that all else is as it
    was, `serves` that the requests arrive at least."""

    gone: bool = False
    serves: bool = False
    keeps: bool = False

    @property
    def mends(self) -> bool:
        return self.gone and self.serves and self.keeps


class Spent(Exception):
    """No more trial can be afforded."""


@dataclass(frozen=True)
class Found:
    """`edits` make the finding go together; `mends` says that they harm nothing else. `others`
    stand with the first of them: the condition around it, what it does. `spent` says that the
    bound on trials was met before the search had come to its end."""

    edits: tuple[Edit, ...] = ()
    mends: bool = False
    others: tuple[Edit, ...] = ()
    spent: bool = False


@dataclass
class Search:
    """One search among edits, the most promising first; `deciding` says how far from the header
    whoever decides stands."""

    edits: Sequence[Edit]
    deciding: dict[Edit, int]
    test: Callable[[Sequence[Edit]], Effect]
    singles: int
    _effects: dict[tuple[Edit, ...], Effect] = field(default_factory=dict)
    _spent: bool = False

    def run(self) -> Found:
        first = self._first(self.edits[: self.singles])
        if first:
            return self._around(self._nearest(self._innermost(first)))
        edits, mends = self._together(), True
        if not edits:
            edits, mends = self._weaker(), False
        return Found(tuple(edits), mends, self._setting(edits), self._spent)

    def _effect(self, *edits: Edit) -> Effect:
        """What they bring about, nothing where no more trial can be afforded."""
        key = tuple(edits)
        if key not in self._effects:
            try:
                self._effects[key] = self.test(edits)
            except Spent:
                self._spent = True
                return Effect()
        return self._effects[key]

    def _first(self, edits: Iterable[Edit]) -> Edit | None:
        return next((one for one in edits if self._effect(one).mends), None)

    def _innermost(self, edit: Edit) -> Edit:
        """A part of it that does the same, if there is one: of a condition also one that stands
        under it."""
        alike = [one for one in self.edits if one.opens == edit.opens]
        parts = [one for one in alike if one.inside(edit)]
        if edit.role == CONDITION and edit.name == "lua":
            parts += [one for one in alike if one.role == CONDITION and _guards(edit, one)]
        inner = self._first(parts[:MOST_INNER])
        return self._innermost(inner) if inner else edit

    def _nearest(self, edit: Edit, hops: int = 5) -> Edit:
        """Of entries that ask one another the one that gives the number, and of what is made in Lua
        the condition that asks about it, by way of other locals and results of functions; if it
        does the same."""
        if edit.name in _ENTRIES:
            asking = [one for one in self.edits if one.name in _ENTRIES and one.asks & edit.defines]
        elif edit.name == "lua" and edit.role == SETS:
            asking = self._asking_in_lua(edit)
        else:
            return edit
        asking = [one for one in asking if one.spans != edit.spans]
        nearer = self._first(asking[: 2 * MOST_INNER])
        return self._nearest(nearer, hops - 1) if nearer and hops else edit

    def _asking_in_lua(self, edit: Edit) -> list[Edit]:
        """The conditions that ask about what is made there, and what else is made of it."""
        lua = [one for one in self.edits if one.name == "lua" and not one.opens]
        conditions = [one for one in lua if one.role == CONDITION and one.asks & edit.defines]
        made = [one for one in lua if one.role == SETS and _is_made_of(one, edit)]
        return [*conditions[:MOST_INNER], *made]

    def _around(self, edit: Edit) -> Found:
        """The statement that does it, and the condition that it stands under, where both mend."""
        if edit.role == CONDITION:
            guarded = [one for one in self.edits if one.role == SETS and _guards(edit, one)]
            if statement := self._first(guarded[:MOST_INNER]):
                return Found((self._called(statement),), True, (edit,), self._spent)
            if source := self._first(self._sources(edit)[:MOST_INNER]):
                return Found((source,), True, (edit,), self._spent)
        else:
            guards = [one for one in self.edits if one.role == CONDITION and _guards(one, edit)]
            if guard := self._first(guards[:1]):
                return Found((edit,), True, (guard,), self._spent)
        return Found((edit,), True, self._setting([edit]), self._spent)

    def _called(self, statement: Edit, depth: int = 3) -> Edit:
        """Of a statement that calls a function of the candidate's the one in there that does it."""
        if not statement.calls or not depth:
            return statement
        there = [one for one in self.edits if one.role == SETS and one.function & statement.calls]
        # Of functions of one name, that of the module that is named with it.
        there.sort(key=lambda one: PurePosixPath(one.span.file).stem not in statement.gives)
        inner = self._first(there[:MOST_INNER])
        return self._called(inner, depth - 1) if inner else statement

    def _sources(self, condition: Edit) -> list[Edit]:
        """Where in Lua it is made what a condition asks about."""
        return [
            one
            for one in self.edits
            if one.name == "lua" and one.role != CONDITION and one.defines & condition.asks
        ]

    def _setting(self, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """What puts the number there, as far as it was tried."""
        tried = [key[0] for key, effect in self._effects.items() if effect.gone and len(key) == 1]
        setting = [one for one in tried if one.role == SETS and one not in edits]
        return tuple(sorted(setting, key=lambda one: self.deciding.get(one, 99))[:1])

    def _together(self) -> list[Edit]:
        """The fewest that do together what none does alone."""
        harmless = [one for one in self.edits if self._effects.get((one,), Effect()).keeps]
        chosen: list[Edit] = []
        for one in harmless:
            if not any(one.overlaps(other) for other in chosen):
                chosen.append(one)
        if len(chosen) < 2 or not self._effect(*chosen).mends:
            return []
        return ddmin(chosen, one_by_one(lambda some: self._effect(*some).mends))

    def _weaker(self) -> list[Edit]:
        """One that stops it, and more than that: whoever decides, and of these the last to be
        asked in the way from the header back."""
        stops = [
            one
            for one in self.edits
            if (effect := self._effects.get((one,))) and effect.gone and effect.serves
        ]
        decides = [one for one in stops if one.role in (CONDITION, LETS_THROUGH)]
        order = sorted(decides or stops, key=lambda one: -self.deciding.get(one, -1))
        return order[:1]


def _is_made_of(edit: Edit, other: Edit) -> bool:
    """Whether it gives on, under another name, what the other one makes."""
    return bool(edit.gives & other.defines) and not edit.defines & other.defines


def _guards(condition: Edit, edit: Edit) -> bool:
    """Whether an edit stands under a condition, with none between them."""
    (outer,) = edit.within[-1:] or (None,)
    if outer is None or outer.file != condition.span.file:
        return False
    before = condition.span.end <= edit.span.start
    return outer == condition.span or (outer.start <= condition.span.start and before)
