"""How a gateway learns which subscriber holds which address. One feed a file.

A change that a feed has been given counts from the moment `update` returns: the store has
acknowledged it, the reload is over, or the packet core knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from headgate.gateway_spec import FileSessions, HeaderSessions, RedisSessions, Sessions
from headgate.numbers import Subscriber

Attached = Mapping[str, Subscriber]
Change = Mapping[str, Subscriber | None]

# What a broken provisioning chain leaves where a number belongs. None is a valid number (8 to 15
# digits, not beginning with 0), and each can stand in a line of a map that must stay loadable.
GARBAGE = ("0", "04477009", "44770090012345678", "0x1a2b3c4d5e", "userdata:")


@dataclass(frozen=True)
class Reach:
    """The parts of the lab that a feed moves: the world, a gateway's files and its reload."""

    world: Callable[..., Any]
    install: Callable[[Mapping[str, bytes]], None]
    reload: Callable[[], None]


class Feed(Protocol):
    """`faults` names the ways in which this feed can fail the gateway."""

    faults: ClassVar[tuple[str, ...]]

    def files(self, sessions: Attached) -> Mapping[str, bytes]:
        """What lies below the gateway's `install` before it starts."""

    def begin(self, sessions: Attached) -> None:
        """Provide the sessions before the gateway starts."""

    def update(self, sessions: Attached, change: Change) -> None:
        """Take a change; `sessions` is the state after it."""

    def disturb(self, fault: str, sessions: Attached) -> None:
        """Begin to fail, in one of the ways that `faults` names."""

    def restore(self, sessions: Attached) -> None:
        """Work again."""

    def core(self, raw: bytes, handset: str, subscriber: Subscriber | None) -> bytes:
        """What the packet core makes of a request on its way to the gateway."""


class FeedClass(Protocol):
    """Makes a feed of the `sessions` of its own kind."""

    faults: tuple[str, ...]

    def __call__(self, sessions: Any, reach: Reach) -> Feed: ...


LATE = "late"
# In these a gateway may come to know its subscribers all the same, if it asks again or waits.
DOUBTFUL = frozenset({"hanging up", LATE})


def garbled(sessions: Attached) -> dict[str, Subscriber]:
    """The same addresses, with garbage in the place of each number."""
    return {
        address: Subscriber(GARBAGE[index % len(GARBAGE)], subscriber.imsi, subscriber.consent)
        for index, (address, subscriber) in enumerate(sessions.items())
    }


def faults_of(sessions: Sessions) -> tuple[str, ...]:
    """The ways in which the feed of these sessions can fail."""
    return _class_of(sessions).faults


def every_fault() -> tuple[str, ...]:
    """The ways in which some feed or other can fail."""
    return tuple(dict.fromkeys(fault for one in _classes().values() for fault in one.faults))


def feed_for(sessions: Sessions, reach: Reach) -> Feed:
    """The feed that a gateway's `sessions` name."""
    return _class_of(sessions)(sessions, reach)


def _class_of(sessions: Sessions) -> FeedClass:
    return _classes()[type(sessions)]


def _classes() -> Mapping[type, FeedClass]:
    from headgate.feeds.file import FileFeed
    from headgate.feeds.header import HeaderFeed
    from headgate.feeds.redis import RedisFeed

    return {
        RedisSessions: RedisFeed,
        FileSessions: FileFeed,
        HeaderSessions: HeaderFeed,
    }
