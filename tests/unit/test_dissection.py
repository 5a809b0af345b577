"""Flows are put together from packets as the receiver's kernel would, whatever came in between."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence

import dpkt
import pytest

from headgate.agents.dissection import TCP, UDP, Flow, Stream, flows

GATEWAY, SHOP, HANDSET = "198.18.0.1", "93.184.1.7", "100.64.128.9"
LINK, GROUP = "fe80::1", "ff02::1:5"
LAST = (1 << 32) - 3  # a sequence number that is about to come round


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def frame(packet: bytes, kind: int = dpkt.ethernet.ETH_TYPE_IP) -> bytes:
    return bytes(6) + b"\x02\0\0\0\0\1" + kind.to_bytes(2) + packet


def ip(protocol: int, payload: bytes, source: str = GATEWAY, **more: int) -> bytes:
    header = {"src": packed(source), "dst": packed(SHOP), "p": protocol, **more}
    return frame(bytes(dpkt.ip.IP(**header, data=payload, len=20 + len(payload))))


def segment(
    number: int,
    data: bytes,
    *,
    source: str = GATEWAY,
    source_port: int = 40000,
    port: int = 80,
    flags: int = dpkt.tcp.TH_ACK,
) -> bytes:
    header = dpkt.tcp.TCP(sport=source_port, dport=port, seq=number, flags=flags)
    return ip(dpkt.ip.IP_PROTO_TCP, bytes(header) + data, source)


def opening(number: int, data: bytes = b"", source_port: int = 40000) -> bytes:
    return segment(number, data, source_port=source_port, flags=dpkt.tcp.TH_SYN)


def datagram(data: bytes, port: int = 514, source_port: int = 5000) -> bytes:
    udp = dpkt.udp.UDP(sport=source_port, dport=port, ulen=8 + len(data))
    return bytes(udp) + data


@pytest.mark.parametrize(
    ("segments", "whole"),
    [
        pytest.param([(0, b"abc"), (3, b"def")], b"abcdef", id="in order"),
        pytest.param([(3, b"def"), (0, b"abc")], b"abcdef", id="out of order"),
        pytest.param([(0, b"abc"), (0, b"abc"), (3, b"def")], b"abcdef", id="retransmitted"),
        pytest.param([(0, b"abcd"), (2, b"cdef")], b"abcdef", id="overlapping"),
        pytest.param([(2, b"cd"), (0, b"abcdef")], b"abcdef", id="one inside another"),
        pytest.param([(0, b"ab"), (0, b"abcd"), (4, b"ef")], b"abcdef", id="resent as more"),
        pytest.param([(0, b"abXX"), (2, b"cdef")], b"abXXef", id="what was first counts"),
        pytest.param([(0, b"abc"), (6, b"ghi")], b"abcghi", id="a part that never crossed"),
        pytest.param([(-1, b"?"), (0, b"abc")], b"abc", id="a probe before the first byte"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("start", [0, 1000, LAST])
def test_a_stream_is_in_order_and_each_byte_once(
    segments: Sequence[tuple[int, bytes]], whole: bytes, start: int
) -> None:
    stream = Stream(start)
    for place, data in segments:
        stream.add((start + place) % (1 << 32), data)
    assert stream.data == whole


def test_a_stream_whose_beginning_was_not_seen_begins_with_its_first_byte() -> None:
    stream = Stream()
    stream.add(LAST + 2, b"cdef")
    stream.add(LAST, b"ab")
    assert stream.data == b"abcdef"


@pytest.mark.parametrize("seed", range(20))
def test_a_stream_in_any_pieces_and_any_order_is_whole(seed: int) -> None:
    rng = random.Random(seed)
    data = rng.randbytes(5000)
    cuts = sorted({0, *rng.sample(range(5000), 40)})
    pieces = [(cut, data[cut : cut + rng.randrange(125, 1500)]) for cut in cuts]
    pieces += [(cut, data[cut:end]) for cut, end in zip(cuts, [*cuts[1:], 5000], strict=True)]
    rng.shuffle(pieces)
    stream = Stream(LAST)
    for cut, piece in pieces:
        stream.add((LAST + cut) % (1 << 32), piece)
    assert stream.data == data


def test_a_connection_is_one_flow() -> None:
    frames = [opening(99), segment(100, b"GET / "), segment(106, b"HTTP/1.1\r\n")]
    assert flows(frames) == [Flow(TCP, GATEWAY, SHOP, 80, b"GET / HTTP/1.1\r\n")]


def test_a_connection_with_the_ports_of_an_earlier_one_is_another_flow() -> None:
    frames = [opening(99), segment(100, b"one"), opening(77), segment(78, b"two")]
    assert [flow.data for flow in flows(frames)] == [b"one", b"two"]


def test_an_opening_that_is_sent_again_opens_nothing_new() -> None:
    frames = [opening(99), opening(99), segment(100, b"one")]
    assert [flow.data for flow in flows(frames)] == [b"one"]


def test_data_that_come_with_the_opening_belong_to_the_flow() -> None:
    frames = [opening(99, b"fast "), segment(105, b"open")]
    assert [flow.data for flow in flows(frames)] == [b"fast open"]


def test_a_connection_that_carries_nothing_is_no_flow() -> None:
    assert flows([opening(99)]) == []


def test_connections_are_kept_apart() -> None:
    frames = [
        segment(1, b"a", source_port=1),
        segment(1, b"b", source_port=2),
        segment(1, b"c", source=HANDSET, source_port=1, port=443),
        segment(2, b"A", source_port=1),
    ]
    assert flows(frames) == [
        Flow(TCP, GATEWAY, SHOP, 80, b"aA"),
        Flow(TCP, GATEWAY, SHOP, 80, b"b"),
        Flow(TCP, HANDSET, SHOP, 443, b"c"),
    ]


def test_datagrams_of_one_socket_to_one_port_are_one_flow() -> None:
    frames = [
        ip(dpkt.ip.IP_PROTO_UDP, datagram(b"44770090")),
        ip(dpkt.ip.IP_PROTO_UDP, datagram(b"other", source_port=6000)),
        ip(dpkt.ip.IP_PROTO_UDP, datagram(b"0123")),
    ]
    assert flows(frames) == [
        Flow(UDP, GATEWAY, SHOP, 514, b"447700900123"),
        Flow(UDP, GATEWAY, SHOP, 514, b"other"),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 0, 2)])
def test_a_datagram_in_fragments_is_whole(order: Sequence[int]) -> None:
    payload = datagram(b"0123456789" * 3)
    pieces = [(0, payload[:16]), (16, payload[16:32]), (32, payload[32:])]
    frames = [
        ip(
            dpkt.ip.IP_PROTO_UDP,
            piece,
            id=7,
            _flags_offset=(dpkt.ip.IP_MF if offset < 32 else 0) | offset // 8,
        )
        for offset, piece in (pieces[index] for index in order)
    ]
    assert flows(frames) == [Flow(UDP, GATEWAY, SHOP, 514, b"0123456789" * 3)]


def test_fragments_of_a_packet_that_never_became_whole_are_kept() -> None:
    piece = ip(dpkt.ip.IP_PROTO_UDP, b"tail of it", _flags_offset=4)
    assert flows([piece]) == [Flow("UDP fragment", GATEWAY, SHOP, 0, b"tail of it")]


@pytest.mark.parametrize(
    ("packet", "flow"),
    [
        pytest.param(
            ip(dpkt.ip.IP_PROTO_ICMP, b"\x08\0\xb6\xb3\0\1\0\1number"),
            Flow("ICMP", GATEWAY, SHOP, 0, b"\x08\0\xb6\xb3\0\1\0\1number"),
            id="icmp",
        ),
        pytest.param(
            ip(250, b"number"), Flow("IP protocol 250", GATEWAY, SHOP, 0, b"number"), id="unknown"
        ),
        pytest.param(
            ip(dpkt.ip.IP_PROTO_TCP, b"number"),
            Flow("TCP", GATEWAY, SHOP, 0, b"number"),
            id="a header cut short",
        ),
        pytest.param(
            frame(b"number", 0x88B5),
            Flow("Ethernet type 0x88b5", "02:00:00:00:00:01", "00:00:00:00:00:00", 0, b"number"),
            id="not IP",
        ),
        pytest.param(
            frame(b"number"),
            Flow("Ethernet type 0x0800", "02:00:00:00:00:01", "00:00:00:00:00:00", 0, b"number"),
            id="IP that is none",
        ),
    ],
)
def test_what_is_neither_tcp_nor_udp_is_kept_under_its_name(packet: bytes, flow: Flow) -> None:
    assert flows([packet]) == [flow]


def test_who_has_which_address_on_the_cable_is_no_flow() -> None:
    assert flows([frame(bytes(28), dpkt.ethernet.ETH_TYPE_ARP)]) == []


def test_what_pads_a_short_frame_is_no_data() -> None:
    assert [flow.data for flow in flows([segment(1, b"a") + bytes(10)])] == [b"a"]


def ip6(protocol: int, payload: bytes) -> bytes:
    header = dpkt.ip6.IP6(src=packed(LINK), dst=packed(GROUP), nxt=protocol, plen=len(payload))
    return frame(header.pack_hdr() + payload, dpkt.ethernet.ETH_TYPE_IP6)


def test_ipv6_is_read_too() -> None:
    packets = [
        ip6(dpkt.ip.IP_PROTO_UDP, datagram(b"number")),
        ip6(dpkt.ip.IP_PROTO_NONE, b"nothing"),
    ]
    assert flows(packets) == [
        Flow(UDP, LINK, GROUP, 514, b"number"),
        Flow("NONE", LINK, GROUP, 0, b"nothing"),
    ]


def test_fragments_of_ipv6_are_put_together() -> None:
    payload = datagram(b"0123456789" * 2)

    def piece(offset: int, data: bytes, more: int) -> bytes:
        extension = bytes([dpkt.ip.IP_PROTO_UDP, 0]) + (offset | more).to_bytes(2) + b"\0\0\0\7"
        return ip6(dpkt.ip.IP_PROTO_FRAGMENT, extension + data)

    frames = [piece(16, payload[16:], 0), piece(0, payload[:16], 1)]
    assert flows(frames) == [Flow(UDP, LINK, GROUP, 514, b"0123456789" * 2)]
