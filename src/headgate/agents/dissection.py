"""What crossed a cable, put together from its packets. Pure: Ethernet frames in, flows out.

dpkt reads the headers; put together are here fragments of IP packets (RFC 791, RFC 8200), TCP
streams by their sequence numbers (RFC 9293, 3.4), and the datagrams of one sender to one port in
the order in which they crossed, so that what is split over several of them is whole again.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import dpkt

TCP, UDP = "TCP", "UDP"

_ETHERNET = struct.Struct(">6s6sH")
_ARP = dpkt.ethernet.ETH_TYPE_ARP
_FRAGMENTED = dpkt.ip.IP_MF | dpkt.ip.IP_OFFMASK
_UNITS = 8  # bytes: what fragments' offsets are counted in
_SPACE = 1 << 32  # sequence numbers come round


class Flow(NamedTuple):
    """What one sender sent to one place: a TCP connection's bytes, or the payloads of its packets.

    `protocol` is TCP, UDP, ICMP or another's name; `port` is 0 where the protocol has none.
    """

    protocol: str
    source: str
    destination: str
    port: int
    data: bytes


class _Ends(NamedTuple):
    """The two ends of a conversation, as packed addresses and ports."""

    source: bytes
    source_port: int
    destination: bytes
    port: int

    def flow(self, protocol: str, data: bytes) -> Flow:
        source, destination = _readable(self.source), _readable(self.destination)
        return Flow(protocol, source, destination, self.port, data)


class _Packet(NamedTuple):
    """What the fragments of one IP packet have in common."""

    source: bytes
    destination: bytes
    protocol: int
    id: int


@dataclass
class Stream:
    """One direction of a TCP connection; `start` is the number of its first byte, if it is known.

    Where two segments overlap, what crossed first counts: it is what the kernel keeps.
    """

    start: int | None = None
    _segments: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, number: int, data: bytes) -> None:
        self._segments.append((number, data))

    @property
    def data(self) -> bytes:
        """The bytes in order, each once. What is missing leaves no gap: what follows, follows."""
        if not self._segments:
            return b""
        base = self._segments[0][0] if self.start is None else self.start
        placed = [(_distance(base, number), data) for number, data in self._segments]
        whole = bytearray()
        at = 0 if self.start is not None else min(place for place, _ in placed)
        for place, data in sorted(placed, key=lambda one: one[0]):
            whole += data[max(0, at - place) :]
            at = max(at, place + len(data))
        return bytes(whole)


@dataclass
class _Fragments:
    """The pieces of one IP packet."""

    pieces: dict[int, bytes] = field(default_factory=dict)
    length: int | None = None

    def add(self, offset: int, data: bytes, *, last: bool) -> bytes | None:
        """The whole payload, as soon as its last piece is here."""
        self.pieces.setdefault(offset, data)
        if last:
            self.length = offset + len(data)
        return self.data if self._is_whole else None

    @property
    def _is_whole(self) -> bool:
        reached = 0
        for offset, data in sorted(self.pieces.items()):
            if offset > reached:
                return False
            reached = max(reached, offset + len(data))
        return reached == self.length

    @property
    def data(self) -> bytes:
        stream = Stream(0)
        for offset, data in self.pieces.items():
            stream.add(offset, data)
        return stream.data


class Dissection:
    """Takes frames one by one, in the order in which they crossed; then gives the flows."""

    def __init__(self) -> None:
        self._current: dict[_Ends, Stream] = {}
        self._streams: list[tuple[_Ends, Stream]] = []
        self._packets: dict[tuple[str, _Ends], list[bytes]] = {}
        self._fragments: dict[_Packet, _Fragments] = {}

    def add(self, frame: bytes) -> None:
        """Take one Ethernet frame. What cannot be read is kept as it is, under its protocol."""
        destination, source, kind = _ETHERNET.unpack_from(frame)
        payload = frame[_ETHERNET.size :]
        try:
            if kind == dpkt.ethernet.ETH_TYPE_IP:
                self._ip(dpkt.ip.IP(payload))
            elif kind == dpkt.ethernet.ETH_TYPE_IP6:
                self._ip6(dpkt.ip6.IP6(payload))
            elif kind != _ARP:
                raise dpkt.UnpackError
        except dpkt.UnpackError:
            self._other(f"Ethernet type {kind:#06x}", source, destination, payload)

    def flows(self) -> Iterator[Flow]:
        for ends, stream in self._streams:
            if data := stream.data:
                yield ends.flow(TCP, data)
        for (protocol, ends), payloads in self._packets.items():
            yield ends.flow(protocol, b"".join(payloads))
        for packet, fragments in self._fragments.items():
            ends = _Ends(packet.source, 0, packet.destination, 0)
            yield ends.flow(f"{_name(packet.protocol)} fragment", fragments.data)

    # Network layer

    def _ip(self, packet: Any) -> None:
        where = packet._flags_offset
        if not where & _FRAGMENTED:
            self._transport(packet.p, packet.src, packet.dst, packet.data)
            return
        whole = _Packet(packet.src, packet.dst, packet.p, packet.id)
        last = not where & dpkt.ip.IP_MF
        self._fragment(whole, packet.offset * _UNITS, bytes(packet.data), last=last)

    def _ip6(self, packet: Any) -> None:
        number = getattr(packet, "p", packet.nxt)  # encrypted (ESP), it has no protocol in sight
        piece = packet.extension_hdrs.get(dpkt.ip.IP_PROTO_FRAGMENT)
        if piece is None:
            self._transport(number, packet.src, packet.dst, packet.data)
            return
        whole = _Packet(packet.src, packet.dst, number, piece.id)
        offset = piece.frag_off * _UNITS
        self._fragment(whole, offset, bytes(packet.data), last=not piece.m_flag)

    def _fragment(self, packet: _Packet, offset: int, data: bytes, *, last: bool) -> None:
        fragments = self._fragments.setdefault(packet, _Fragments())
        whole = fragments.add(offset, data, last=last)
        if whole is not None:
            del self._fragments[packet]
            parsed = _parsed(packet.protocol, whole)
            self._transport(packet.protocol, packet.source, packet.destination, parsed)

    # Transport layer

    def _transport(self, number: int, source: bytes, destination: bytes, data: Any) -> None:
        if isinstance(data, dpkt.tcp.TCP):
            self._segment(_Ends(source, data.sport, destination, data.dport), data)
        elif isinstance(data, dpkt.udp.UDP):
            ends = _Ends(source, data.sport, destination, data.dport)
            self._packets.setdefault((UDP, ends), []).append(bytes(data.data))
        else:
            self._other(_name(number), source, destination, bytes(data))

    def _segment(self, ends: _Ends, segment: Any) -> None:
        stream = self._current.get(ends)
        first = segment.seq
        if segment.flags & dpkt.tcp.TH_SYN:
            first = (first + 1) % _SPACE  # a SYN takes up a number; data may come with it
            if stream is None or stream.start != first:
                stream = self._begin(ends, first)  # not a SYN once more, but a new connection
        if segment.data:
            stream = stream or self._begin(ends, None)
            stream.add(first, bytes(segment.data))

    def _begin(self, ends: _Ends, start: int | None) -> Stream:
        stream = self._current[ends] = Stream(start)
        self._streams.append((ends, stream))
        return stream

    def _other(self, protocol: str, source: bytes, destination: bytes, data: bytes) -> None:
        ends = _Ends(source, 0, destination, 0)
        self._packets.setdefault((protocol, ends), []).append(data)


def flows(frames: Iterable[bytes]) -> list[Flow]:
    """The flows of these frames: TCP connections as they began, then everything else."""
    dissection = Dissection()
    for frame in frames:
        dissection.add(frame)
    return list(dissection.flows())


def _distance(base: int, number: int) -> int:
    """How far a sequence number is from another, which it may precede."""
    return (number - base + _SPACE // 2) % _SPACE - _SPACE // 2


def _parsed(number: int, data: bytes) -> Any:
    try:
        return dpkt.ip.IP.get_proto(number)(data)
    except (KeyError, dpkt.UnpackError):
        return data


def _name(number: Any) -> str:
    name = dpkt.ip.get_ip_proto_name(number)
    return name or f"IP protocol {number}"


def _readable(address: bytes) -> str:
    """An IP address as usual, any other as pairs of hexadecimal digits."""
    return str(ipaddress.ip_address(address)) if len(address) in (4, 16) else address.hex(":")
