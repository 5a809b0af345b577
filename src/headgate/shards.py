"""A list of candidates in parts, for machines that do not know of each other.

Each is given the whole list and says which part is its own, I of N: the candidates at the places
I, I + N, I + 2N and so on. So the parts are the same wherever they are reckoned, and none has more
than one candidate more than another. With more parts than candidates, some are empty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from headgate.errors import HeadgateError

T = TypeVar("T")

ENVIRONMENT = "env"


@dataclass(frozen=True)
class Shard:
    """Part `index` (from 1) of `count`."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, whole: Sequence[T]) -> list[T]:
        """What this part has of the list, in the list's order."""
        return [*whole[self.index - 1 :: self.count]]


def described(shard: Shard, whole: Sequence[Path], policy: Path) -> dict[str, Any]:
    """What a verdict file says of the shard that it is, for whoever joins them."""
    return {
        "index": shard.index,
        "count": shard.count,
        "candidates": [str(one) for one in whole],
        "policy": _digest(policy),
    }


def _digest(path: Path) -> str:
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:  # whoever reads it says why; nothing is judged
        return ""


@dataclass(frozen=True)
class _Source:
    """Two variables of one system that starts several of the same: the first one's number."""

    index: str
    count: str
    first: int
    system: str


# A Job of Kubernetes tells its index and not how many there are: its manifest sets that.
SOURCES = (
    _Source("JOB_COMPLETION_INDEX", "HEADGATE_SHARDS", 0, "Kubernetes Indexed Jobs"),
    _Source("CI_NODE_INDEX", "CI_NODE_TOTAL", 1, "GitLab's parallel jobs"),
)


def shard_of(words: str, environment: Mapping[str, str]) -> Shard:
    """The shard that `--shard` names: I/N, or `env` for what the variables say."""
    if words == ENVIRONMENT:
        return _from(environment)
    if not (match := re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", words)):
        raise HeadgateError(f"--shard {words}: expected I/N, such as 1/4, or `env`")
    return _checked(int(match[1]), int(match[2]), f"--shard {words}", 1)


def _from(environment: Mapping[str, str]) -> Shard:
    told = [one for one in SOURCES if one.index in environment and one.count in environment]
    if not told:
        known = " or ".join(f"{one.index} and {one.count}" for one in SOURCES)
        raise HeadgateError(f"--shard env: expected {known} in the environment")
    if len(told) > 1:
        raise HeadgateError(
            f"--shard env: {told[0].index} and {told[1].index} are both there: expected I/N"
        )
    (source,) = told
    where = f"{source.index} and {source.count}"
    index, count = environment[source.index], environment[source.count]
    if not (re.fullmatch("[0-9]{1,9}", index) and re.fullmatch("[0-9]{1,9}", count)):
        raise HeadgateError(f"--shard env: expected numbers in {where}")
    return _checked(int(index), int(count), f"--shard env: {where}", source.first)


def _checked(index: int, count: int, where: str, first: int) -> Shard:
    if not first <= index < first + count:
        last = first + count - 1
        expected = f"a number from {first} to {last}" if count else "at least one shard"
        raise HeadgateError(f"{where}: expected {expected}, not {index} of {count}")
    return Shard(index - first + 1, count)
