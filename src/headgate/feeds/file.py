"""A file with a line for each attached handset, which the gateway reads at its start and reload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from headgate.feeds import Attached, Change, Reach, garbled
from headgate.gateway_spec import FileSessions, fill
from headgate.numbers import Subscriber


class FileFeed:
    faults: ClassVar[tuple[str, ...]] = ("wrong",)

    def __init__(self, sessions: FileSessions, reach: Reach) -> None:
        self._spec = sessions
        self._install = reach.install
        self._reload = reach.reload

    def files(self, sessions: Attached) -> Mapping[str, bytes]:
        lines = [
            fill(self._spec.line, ip=address, subscriber=subscriber)
            for address, subscriber in sessions.items()
        ]
        return {str(self._spec.path): "".join(f"{line}\n" for line in lines).encode()}

    def begin(self, sessions: Attached) -> None:
        """The file is there already: it came with the candidate's own."""

    def update(self, sessions: Attached, change: Change) -> None:
        self._install(self.files(sessions))
        self._reload()

    def disturb(self, fault: str, sessions: Attached) -> None:
        self.update(garbled(sessions), {})

    def restore(self, sessions: Attached) -> None:
        self.update(sessions, {})

    def core(self, raw: bytes, handset: str, subscriber: Subscriber | None) -> bytes:
        return raw
