"""The detector: one hit a place, exact places, bounded work, and silence on ordinary traffic."""

from __future__ import annotations

import base64
import gzip
import random
import time
import zlib

import pytest

from headgate.detector import Hit, Scanner
from headgate.numbers import Subscriber

ADA = Subscriber("447700900123", "001016340888752")
BEN = Subscriber("447700900456", "001019905172264")
SCANNER = Scanner([ADA, BEN])


def seen(data: bytes) -> list[tuple[bytes, str, str]]:
    """What was found where, by whom."""
    who = {ADA: "Ada", BEN: "Ben"}
    return [(data[h.start : h.end], who[h.subscriber], h.form) for h in SCANNER.find(data)]


def test_a_number_is_one_hit_with_its_longest_name() -> None:
    assert seen(b"x: 447700900123") == [(b"447700900123", "Ada", "digits, international")]
    assert seen(b"x: 00447700900123") == [(b"00447700900123", "Ada", "digits, with 00")]


def test_two_numbers_of_one_subscriber_are_two_hits() -> None:
    assert seen(b"a=447700900123; b=07700900123") == [
        (b"447700900123", "Ada", "digits, international"),
        (b"07700900123", "Ada", "digits, national"),
    ]


def test_the_same_number_twice_keeps_both_places() -> None:
    hits = SCANNER.find(b"447 7009 00123 and 447700900123, 447700900123")

    assert [(hit.start, hit.end) for hit in hits] == [(0, 14), (19, 31), (33, 45)]


def test_numbers_of_two_subscribers_beside_each_other_are_both_found() -> None:
    assert [who for _, who, _ in seen(b"447700900123447700900456")] == ["Ada", "Ben"]


def test_number_and_imsi_of_one_subscriber_in_one_member_are_both_found() -> None:
    member = gzip.compress(b"447700900123 001016340888752")

    assert {hit.identity for hit in SCANNER.find(member)} == {"msisdn", "imsi"}
    assert {(hit.start, hit.end) for hit in SCANNER.find(member)} == {(0, len(member))}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (b"1447700900123", "digits, international"),
        (b"4477009001230001", "digits, international"),
        (b"77009001231795", "digits, significant"),
        (b"17957700900123", "digits, significant"),
    ],
)
def test_a_number_with_digits_written_next_to_it_is_found(text: bytes, form: str) -> None:
    assert [hit.form for hit in SCANNER.find(text)] == [form]


@pytest.mark.parametrize(
    "text",
    [b"1770090012345", b"1797700900.12345", b"100.77.0.09001.239", b"1797700900.123",
     b"5ea7700900123bd0"],
)  # fmt: skip
def test_a_significant_number_in_the_midst_of_a_timestamp_is_an_accident(text: bytes) -> None:
    assert SCANNER.find(text) == []


def test_escapes_amid_plain_digits_give_the_exact_place() -> None:
    data = b"GET /?q=a%20b&to=%2b44%37700%20900123&c=%64 HTTP/1.1"

    assert seen(data) == [
        (b"%2b44%37700%20900123", "Ada", "digits, with +, separated, in URL-encoding")
    ]


def test_a_plain_number_near_escapes_keeps_its_plain_name() -> None:
    assert seen(b"/a%31?n=447700900123") == [(b"447700900123", "Ada", "digits, international")]


def test_base64_folded_into_lines_is_found() -> None:
    text = base64.encodebytes(b"x" * 52 + b" 07700 900 123 " + b"y" * 40)

    assert [hit.form for hit in SCANNER.find(text)] == ["digits, national, separated, in base64"]


def test_four_layers_are_one_too_many() -> None:
    one = base64.b64encode(b"to 07700 900 123 or to 07700 900 456, please")
    two = gzip.compress(one)
    three = base64.b64encode(two)

    assert {hit.form for hit in SCANNER.find(three)} == {
        "digits, national, separated, in base64, in gzip, in base64"
    }
    assert SCANNER.find(gzip.compress(three)) == []


def test_a_truncated_member_tells_what_is_left_of_it() -> None:
    member = gzip.compress(b"447700900123 " + random.Random(1).randbytes(400))

    assert [hit.form for hit in SCANNER.find(member[:200])] == ["digits, international, in gzip"]


def test_raw_deflate_of_a_body_is_found() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(b"447700900123, caf\xc3\xa9") + packer.flush()

    hits = SCANNER.find(b"HTTP/1.1 200 OK\r\n\r\n" + body)

    assert [hit.form for hit in hits] == ["digits, international, in deflate"]


def test_a_long_text_gives_exact_places() -> None:
    filler = b"Accept-Language: en-GB,en;q=0.9\r\n" * 4000
    data = filler + b"n: 0770 0900 456\r\n" + filler + b"n: 447700900123\r\n" + filler

    assert seen(data) == [
        (b"0770 0900 456", "Ben", "digits, national, separated"),
        (b"447700900123", "Ada", "digits, international"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"4", b"%", b"\\", b"&#", b"\0", b"\x1f\x8b\x08\x00", b"x\x9c"]
)
def test_the_smallest_data_are_silent(data: bytes) -> None:
    assert SCANNER.find(data) == []


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(bytes(100 << 20)),
        gzip.compress(bytes(4 << 20)) * 200,
        b"x\x9c" * 500_000,
        b"\x1f\x8b\x08\x00" * 250_000,
        b"%30" * 300_000,
        b"%30 " * 200_000,
        b"\\u0030\n" * 100_000,
        b"&#48;" * 150_000,
        b"\r\n\r\n1\r\n1" * 50_000,
        b"4\0" * 400_000,
        b"0" * 1_000_000,
        b"4477009001" * 100_000,
        b"ab" * 500_000,
        base64.b64encode(gzip.compress(bytes(50 << 20))),
    ],
    ids=lambda data: repr(data[:6]),
)
def test_hostile_data_are_looked_at_within_seconds(data: bytes) -> None:
    start = time.perf_counter()

    assert SCANNER.find(data) == []

    assert time.perf_counter() - start < 10


@pytest.fixture(scope="module")
def thousand() -> Scanner:
    chance = random.Random(11)
    return Scanner(
        Subscriber(f"447700900{n:03d}", f"00101{chance.randrange(10**10):010d}")
        for n in range(1000)
    )


def test_random_bytes_and_random_text_give_no_hit(thousand: Scanner) -> None:
    chance = random.Random(5)
    printable = bytes(range(32, 127))
    for _ in range(3):
        noise = chance.randbytes(1 << 20)
        assert thousand.find(noise) == []
        assert thousand.find(noise.translate(bytes(printable[b % 95] for b in range(256)))) == []
        assert thousand.find(base64.b64encode(noise)) == []
        assert thousand.find(noise.hex().encode()) == []


def test_ordinary_requests_give_no_hit(thousand: Scanner) -> None:
    assert thousand.find(b"".join(ordinary_requests(3000))) == []


def ordinary_requests(count: int) -> list[bytes]:
    chance = random.Random(6)
    return [
        b"GET /shop/cart/%d?ts=%d&next=https%%3A%%2F%%2Fwww.shop.example%%2F HTTP/1.1\r\n"
        b"Host: www.shop%d.example\r\nUser-Agent: Mozilla/5.0 (Linux; Android 13; SM-S911B) "
        b"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.144 Mobile Safari/537.36\r\n"
        b"Cookie: _ga=GA1.2.%d.%d; sid=%s\r\nIf-None-Match: \"%s\"\r\n"
        b"X-Forwarded-For: 100.64.%d.%d\r\nDate: Tue, 03 Feb 2026 03:40:%02d GMT\r\n"
        b"X-Request-Start: t=%d.%03d\r\n\r\n"
        % (
            chance.randrange(10**6),
            chance.randrange(1_600_000_000_000, 1_900_000_000_000),
            chance.randrange(100),
            chance.randrange(2**31),
            chance.randrange(1_600_000_000, 1_900_000_000),
            base64.b64encode(chance.randbytes(24)),
            chance.randbytes(16).hex().encode(),
            chance.randrange(64, 128),
            chance.randrange(256),
            chance.randrange(60),
            chance.randrange(1_600_000_000, 1_900_000_000),
            chance.randrange(1000),
        )
        for _ in range(count)
    ]  # fmt: skip


def split_hits(*values: bytes) -> list[tuple[int, str]]:
    return [(hit.index, hit.form) for hit in SCANNER.find_split(values)]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([b"44770", b"0900123"], [(0, "digits, international")]),
        ([b"a", b"id=44770", b"0900123; x"], [(1, "digits, international")]),
        ([b"44", b"7700", b"900123"], [(1, "digits, significant")]),
        ([b"+44 7700", b"900 123"], [(0, "digits, with +, separated")]),
        ([b"001016340", b"888752"], [(0, "digits, IMSI")]),
    ],
)
def test_a_number_split_over_two_neighbours_is_found(
    values: list[bytes], found: list[tuple[int, str]]
) -> None:
    assert split_hits(*values) == found


@pytest.mark.parametrize(
    "values",
    [
        [],
        [b"447700900123"],
        [b"447700900123", b"447700900123"],
        [b"44770", b"-", b"0900123"],
        [b"44770 ", b"0900123"],
        [b"4477009001", b"23"],
        [b"44", b"7700900123"],
        [b"0900123", b"44770"],
    ],
)
def test_what_is_whole_or_not_at_the_boundary_is_not_split(values: list[bytes]) -> None:
    assert split_hits(*values) == []


def test_a_hit_does_not_show_the_number() -> None:
    hit = Hit(0, 12, ADA, "digits, international", "msisdn")

    assert "900123" not in repr(hit)
    assert "40888752" not in repr(hit)
