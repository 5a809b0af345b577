"""What one message can be told from another by."""

from __future__ import annotations

import pytest
from tests.unit.fakes import receipt_of

from headgate.traits import ORDER, Trait, asked_name, traits

SITE = "shop.example"
BASE = b"GET /a?id=token&x=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n"


def wheres(one: bytes, other: bytes) -> set[str]:
    """The places in which two messages differ."""
    sides = [traits(receipt_of(data, site=SITE)) for data in (one, other)]
    return {trait.where for trait in sides[0] ^ sides[1]}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ((b"GET", b"PUT"), "request line"),
        ((b"/a", b"/b"), "request line"),
        ((b"HTTP/1.1", b"HTTP/1.0"), "request line"),
        ((b"x=1", b"x=2"), "query"),
        ((b"*/*", b"text/html"), "header accept"),
        ((b"Accept:", b"accept:"), "header accept"),
        ((b"*/*\r\n\r\n", b"*/*\r\n\r\nbody"), "body"),
    ],
)
def test_each_part_of_a_message_tells(change: tuple[bytes, bytes], where: str) -> None:
    assert wheres(BASE, BASE.replace(*change)) == {where}


def test_a_header_line_more_tells_by_itself_and_by_the_order() -> None:
    more = BASE.replace(b"Accept", b"X-Line: 1\r\nAccept")
    assert wheres(BASE, more) == {"header x-line", ORDER}


def test_two_header_lines_that_change_places_tell_by_the_order_alone() -> None:
    other = BASE.replace(b"Host: shop.example\r\nAccept: */*", b"Accept: */*\r\nHost: shop.example")
    assert wheres(BASE, other) == {ORDER}


def test_a_trailer_tells() -> None:
    chunked = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    assert "trailer x-sum" in wheres(chunked, chunked.replace(b"Sum: 1", b"Sum: 2"))


@pytest.mark.parametrize(
    "value",
    [
        b"req=8f1c2b, sub=4a5b6c",
        b"8f1c2b/4a5b6c",
        b"9d3e7a5f8f1c2b0e4a5b6c7d",
    ],
)
def test_what_stands_beside_random_text_in_one_value_is_a_trait_of_its_own(value: bytes) -> None:
    random = value.replace(b"8f1c2b", b"770011")
    data = b"GET / HTTP/1.1\r\nX-Trace: %b\r\n\r\n"
    common = traits(receipt_of(data % value)) & traits(receipt_of(data % random))
    assert any(b"4a5b6c" in trait.value for trait in common)


def test_headers_that_are_left_out_leave_no_trace_in_the_order() -> None:
    more = BASE.replace(b"Accept", b"X-Number: 1\r\nAccept")
    sides = [
        traits(receipt_of(data), lambda name: name.lower() == b"x-number") for data in (BASE, more)
    ]
    assert sides[0] == sides[1]


QUERY = (
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02ab\x04Shop\x07example\x00\x00\x01\x00\x01"
)


def test_a_name_query_tells_by_its_name_and_not_by_its_id() -> None:
    other = b"\x56\x78" + QUERY[2:]
    assert asked_name(QUERY) == "ab.shop.example"
    assert traits(receipt_of(QUERY, kind="dns")) == traits(receipt_of(other, kind="dns"))


@pytest.mark.parametrize("data", [b"", b"\x00" * 12, QUERY[:15], b"\xff" * 40])
def test_a_broken_name_query_is_read_as_far_as_it_goes(data: bytes) -> None:
    assert asked_name(data) in ("", "ab", "\xff" * 27)


def test_a_datagram_tells_by_its_words() -> None:
    one, other = (
        traits(receipt_of(b"<190>%b seen 4a5b6c" % stamp, kind="udp", port=514))
        for stamp in (b"12:00:01", b"12:00:02")
    )
    assert Trait("premium.example", "datagram", "value", b"4a5b6c") in one & other


def test_a_report_shows_the_first_characters_of_a_value_alone() -> None:
    trait = Trait(SITE, "header x-qd7", "value", b"c2VhbGVkIG51bWJlcg==")
    assert trait.shown == "header x-qd7: value 'c2Vh'…"
    assert "IG51" not in repr(trait)
