"""Delta debugging: the fewest things of many with which something still holds.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 28, 2, 2002).
All trials of a round are asked for at once, since sending ten requests takes no longer than one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")
Trials = Callable[[Sequence[Sequence[T]]], Sequence[bool]]
"""Whether it still holds with each of these selections alone."""


def ddmin(items: Sequence[T], hold: Trials[T]) -> list[T]:
    """A selection of the items, in their order, with which it holds, and of which none can be left
    out. It has to hold with all of them."""
    kept = list(items)
    if not kept or hold([[]])[0]:
        return []
    count = 2
    while len(kept) > 1:
        count = min(count, len(kept))
        parts = _split(kept, count)
        rests = [[x for other in parts if other is not part for x in other] for part in parts]
        trials = [*parts, *rests] if count > 2 else parts
        held = next((i for i, holds in enumerate(hold(trials)) if holds), None)
        if held is not None:
            kept, count = trials[held], 2 if held < len(parts) else max(count - 1, 2)
        elif count == len(kept):
            break
        else:
            count *= 2
    return kept


def one_by_one(holds: Callable[[Sequence[T]], bool]) -> Trials[T]:
    """Trials that are made one after another, until one holds."""

    def hold(trials: Sequence[Sequence[T]]) -> list[bool]:
        done: list[bool] = []
        for trial in trials:
            done.append(holds(trial))
            if done[-1]:
                break
        return done

    return hold


def _split(items: Sequence[T], count: int) -> list[list[T]]:
    edges = [len(items) * i // count for i in range(count + 1)]
    return [list(items[a:b]) for a, b in pairwise(edges)]
