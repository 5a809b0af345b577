"""What crossed the cable to the outside, from one sender to one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TCP, UDP = "TCP", "UDP"


@dataclass(frozen=True)
class Flow:
    """One direction of a TCP connection, or the payloads of other packets, one behind the other.

    `protocol` is TCP, UDP, ICMP or what else there is, `port` 0 where it has none. `site` is the
    destination's name. `received` says for how many of a TCP stream's first bytes there are
    receipts; nothing but the `store` takes bytes and gives no receipt.
    """

    protocol: str
    source: str
    destination: str
    port: int
    data: bytes = field(repr=False)
    site: str = ""
    received: int = 0
    store: bool = False

    @property
    def where(self) -> str:
        """How it crossed, for people."""
        shape = {TCP: "stream", UDP: "datagram"}.get(self.protocol, "packet")
        return f"{self.protocol} {shape}" + (f" to port {self.port}" if self.port else "")

    @property
    def is_missed(self) -> bool:
        """Whether the world must have a receipt of it, and has none."""
        return self.protocol == TCP and not (self.store or self.received)


@dataclass(frozen=True)
class Crossing:
    """All that crossed in the life of one gateway, but for what the receipts hold to the byte.

    `unseen` are the sites, each with its port, that received what the recording does not hold;
    `sealed` are those, with what was said to them first, to whom a client spoke TLS and then would
    not have their certificates. `unasked` packets went to handsets and were no answers, which
    nobody has recorded. `broken` says in words why the recording is not whole.
    """

    flows: Sequence[Flow] = ()
    unseen: Sequence[tuple[str, int]] = ()
    sealed: Sequence[tuple[str, int, bytes]] = ()
    unasked: int = 0
    broken: str = ""

    @property
    def doubt(self) -> str:
        """Why the two witnesses cannot both be right, in words; empty when they agree."""
        if self.broken:
            return self.broken
        if missed := [flow for flow in self.flows if flow.is_missed]:
            return (
                f"{len(missed)} connections crossed the cable without a receipt "
                f"(the first: to port {missed[0].port} of {missed[0].site})"
            )
        if self.unseen:
            site, port = self.unseen[0]
            return (
                f"{len(self.unseen)} sites received what was not seen to cross the cable "
                f"(the first: port {port} of {site})"
            )
        if self.unasked:
            return f"sent {self.unasked} packets to handsets that had asked for nothing"
        return ""

    def sealed_by(self, written: Callable[[bytes], bool]) -> str:
        """Why nobody knows what the gateway would have said under TLS, in words; empty where only
        handsets tried. `written` says whether handsets wrote these bytes."""
        own = [(site, port) for site, port, hello in self.sealed if not written(hello)]
        if not own:
            return ""
        site, port = own[0]
        return (
            f"refused the certificate of port {port} of {site}: what it would have said to it is "
            "not known"
        )
