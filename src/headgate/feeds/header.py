"""A header that the packet core in front of the gateway sets on each request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from headgate.agents import framing
from headgate.feeds import Attached, Change, Reach, garbled
from headgate.gateway_spec import HeaderSessions, fill
from headgate.numbers import Subscriber


class HeaderFeed:
    faults: ClassVar[tuple[str, ...]] = ("wrong",)

    def __init__(self, sessions: HeaderSessions, reach: Reach) -> None:
        self._spec = sessions
        self._sent_by_handset = re.compile(
            rb"(?im)^" + re.escape(sessions.name.encode()) + rb"[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*"
        )
        self._garbled: Mapping[str, Subscriber] = {}

    def files(self, sessions: Attached) -> Mapping[str, bytes]:
        return {}

    def begin(self, sessions: Attached) -> None:
        """The core knows every session by itself."""

    def update(self, sessions: Attached, change: Change) -> None:
        """The core knows every session by itself."""

    def disturb(self, fault: str, sessions: Attached) -> None:
        wrong = garbled(sessions)
        self._garbled = {sessions[address].msisdn: wrong[address] for address in sessions}

    def restore(self, sessions: Attached) -> None:
        self._garbled = {}

    def core(self, raw: bytes, handset: str, subscriber: Subscriber | None) -> bytes:
        """Take the handset's own header of that name away; add the network's as the last line."""
        body = framing.head_end(raw, framing.leading_lines(raw))
        if body is None:
            return raw
        start = raw.find(b"\n", framing.leading_lines(raw)) + 1
        newline = b"\r\n" if raw[:body].endswith(b"\r\n") else b"\n"
        fields = self._sent_by_handset.sub(b"", raw[start : body - len(newline)])
        if subscriber:
            who = self._garbled.get(subscriber.msisdn, subscriber)
            value = fill(self._spec.value, ip=handset, subscriber=who)
            fields += self._spec.name.encode() + b": " + value.encode() + newline
        return raw[:start] + fields + newline + raw[body:]
