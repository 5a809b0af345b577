"""A session store: a hash for each attached handset, in a real Redis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from headgate.feeds import Attached, Change, Reach, garbled
from headgate.gateway_spec import RedisSessions, fill
from headgate.numbers import Subscriber

_NUMBER = re.compile(r"\d{8}")


class RedisFeed:
    faults: ClassVar[tuple[str, ...]] = (
        "unreachable",
        "silent",
        "failing",
        "incomplete",
        "wrong",
        "hanging up",
        "late",
    )

    def __init__(self, sessions: RedisSessions, reach: Reach) -> None:
        self._spec = sessions
        self._world = reach.world

    def files(self, sessions: Attached) -> Mapping[str, bytes]:
        return {}

    def begin(self, sessions: Attached) -> None:
        self._world("store_at", port=self._spec.port, state="up")
        self._world("clear")
        self._put(sessions)

    def update(self, sessions: Attached, change: Change) -> None:
        self._put(change)

    def disturb(self, fault: str, sessions: Attached) -> None:
        if fault == "wrong":
            self._put(garbled(sessions))
        elif fault == "incomplete":
            self._world("put", sessions={key: _numberless(f) for key, f in self._hashes(sessions)})
        elif fault == "failing":
            self._world("spoil", keys=[key for key, _ in self._hashes(sessions)])
        else:
            self._world("store_at", port=self._spec.port, state=fault)

    def restore(self, sessions: Attached) -> None:
        self._world("store_at", port=self._spec.port, state="up")
        self._put(sessions)

    def core(self, raw: bytes, handset: str, subscriber: Subscriber | None) -> bytes:
        return raw

    def _put(self, change: Change) -> None:
        self._world("put", sessions=dict(self._hashes(change)))

    def _hashes(self, change: Change) -> list[tuple[str, dict[str, str]]]:
        return [self._hash(address, who) for address, who in change.items()]

    def _hash(self, address: str, who: Subscriber | None) -> tuple[str, dict[str, str]]:
        # A key may name the subscriber too; nobody leaves nothing but the address to fill in.
        subscriber = who or Subscriber("", "", consent=False)
        key = fill(self._spec.key, ip=address, subscriber=subscriber)
        if who is None:
            return key, {}
        fields = self._spec.fields
        return key, {name: fill(value, ip=address, subscriber=who) for name, value in fields}


def _numberless(fields: Mapping[str, str]) -> dict[str, str]:
    """A hash without what it was made for: what a client of Redis reads as null."""
    return {name: value for name, value in fields.items() if not _NUMBER.search(value)}
