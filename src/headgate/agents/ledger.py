"""What the receipts of each connection add up to, to be held against what crossed the cable.

The two witnesses see the same bytes by different ways. What one of them has and the other has not,
one of them has missed. Pure; a length and a checksum a connection, however much it carried.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

Place = tuple[str, int]
"""Address and port."""

Sum = tuple[int, int]
"""Length and CRC-32."""


@dataclass
class Account:
    """What has been received on one connection."""

    length: int = 0
    checksum: int = 0

    def add(self, data: bytes) -> None:
        self.length += len(data)
        self.checksum = zlib.crc32(data, self.checksum)

    @property
    def sum(self) -> Sum:
        return self.length, self.checksum


class Ledger:
    """The accounts of all connections, by the address and port that they were made to."""

    def __init__(self) -> None:
        self._accounts: dict[Place, list[Account]] = {}

    def account(self, address: str, port: int) -> Account:
        """Begin the account of a new connection."""
        account = Account()
        self._accounts.setdefault((address, port), []).append(account)
        return account

    def audit(self) -> Audit:
        """Hold what has been received so far against what crossed."""
        sums = {
            place: {one.sum for one in accounts if one.length}
            for place, accounts in self._accounts.items()
        }
        return Audit(sums)


class Audit:
    """Asked about each stream that crossed; then it knows what crossed unseen."""

    def __init__(self, sums: Mapping[Place, set[Sum]]) -> None:
        self._sums = sums
        self._left = {place: set(every) for place, every in sums.items()}
        self._lengths = {
            place: sorted({length for length, _ in every}) for place, every in sums.items()
        }

    def received(self, address: str, port: int, data: bytes) -> int:
        """How many of the first bytes of a stream to this place were received.

        0 when no connection there received what it begins with. What follows them was not read:
        the site had hung up, or it is TLS, of which only the first bytes are kept as they came.
        """
        sums, lengths = (
            self._sums.get((address, port), set()),
            self._lengths.get((address, port), []),
        )
        for length in reversed(lengths[: bisect_right(lengths, len(data))]):
            begins = (length, zlib.crc32(memoryview(data)[:length]))
            if begins in sums:
                self._left[address, port].discard(begins)
                return length
        return 0

    @property
    def unseen(self) -> list[Place]:
        """Where something was received of which none of the streams told."""
        return [place for place, left in self._left.items() if left]
