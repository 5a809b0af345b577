"""Request families: what is worth sending, and why. One family a file.

A module here holds a `FAMILY`; nothing else has to know of it. Its generator draws from a plan and
says who visits: handsets by address, as the scenario chose them. It sends each thing once; how
often is the scenario's business (`plan.repeated`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from headgate.plan import Plan
from headgate.request import Connection

Generator = Callable[[Plan, Sequence[str]], Iterator[Connection]]


@dataclass(frozen=True)
class Family:
    """`sentence` tells an auditor what is sent; `rule` is the clause of the contract it tests."""

    id: str
    sentence: str
    rule: int
    generate: Generator


@cache
def families() -> dict[str, Family]:
    """Every family by its id, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        family: Family = importlib.import_module(f"{__name__}.{module.name}").FAMILY
        found[family.id] = family
    return found
