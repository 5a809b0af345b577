"""What a layer is, what it is given and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from headgate.layers._runs import Runs


class Source:
    """The data that layers look at, and what several of them ask about them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.runs = Runs(data)


class Budget:
    """What one call may still decode, so that a zip bomb costs no more than a large file.

    What goes beyond it is not looked at.
    """

    def __init__(self, size: int, tries: int) -> None:
        self.size = size
        self._tries = tries

    def take(self, size: int) -> bool:
        """Whether `size` more bytes may be decoded."""
        self.size -= size
        return self.size >= 0

    def attempt(self) -> bool:
        """Whether one more guess at where something compressed begins may be made."""
        self._tries -= 1
        return self._tries >= 0

    @property
    def spent(self) -> bool:
        """Whether something was not looked at for want of budget."""
        return self.size <= 0 or self._tries < 0


class Decoded(NamedTuple):
    """What stood encoded in the data of a source.

    `locate` gives the place in the source of a part of `data` (start and end, as in a slice);
    where a part has no place of its own, that of the whole. What is `junk` was decoded on
    suspicion: only what is readable in it is scanned, and if it is `binary`, what is no text, too.
    """

    name: str
    data: bytes
    locate: Callable[[int, int], tuple[int, int]]
    junk: bool = False
    binary: bool = True


@dataclass(frozen=True)
class Layer:
    """An encoding: `decode` gives all that is encoded so in a source, and spends the budget.

    `gives` are the names of what it decodes, where these are not its own.
    """

    name: str
    decode: Callable[[Source, Budget], Iterator[Decoded]]
    gives: tuple[str, ...] = ()
