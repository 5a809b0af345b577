"""What people are shown holds no number."""

from __future__ import annotations

import base64
import gzip
import hashlib
import struct
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from headgate.detector import Scanner
from headgate.masking import excerpt, mask_hits, mask_text
from headgate.numbers import Subscriber, mask_numbers, revealed

ADA = Subscriber("447700900123", "001016340888752")
SCANNER = Scanner([ADA])
NUMBER = b"447700900123"

PLANTED = [
    NUMBER,
    b"+447700900123",
    b"+44 (0)7700 900123",
    b"7700900123",
    b"001016340888752",
    b"6340888752",
    b"321009007744",
    b"683d0d991b",
    b"447700091032",
    bytes.fromhex("447700091032"),
    bytes.fromhex("910044770009103291"),
    struct.pack(">Q", 447700900123),
    struct.pack("<Q", 447700900123),
    base64.b64encode(NUMBER),
    base64.b64encode(base64.b64encode(NUMBER)),
    base64.b64encode(gzip.compress(NUMBER)),
    gzip.compress(NUMBER),
    NUMBER.hex().encode(),
    hashlib.sha256(NUMBER).hexdigest().encode(),
    hashlib.sha256(NUMBER).hexdigest()[:20].encode(),
    hashlib.md5(NUMBER).digest(),
    base64.b64encode(hashlib.sha1(NUMBER).digest()),
    "447700900123".encode("utf-16-le"),
    "".join(f"%{digit:02x}" for digit in NUMBER).encode(),
    quote("".join(f"%{digit:02x}" for digit in NUMBER)).encode(),
    "".join(f"\\u{digit:04x}" for digit in NUMBER).encode(),
    "".join(f"&#{digit};" for digit in NUMBER).encode(),
    b"447700900123447700900123 447700900123",
    b"44770\r\n 0900123",
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda data: repr(data[:24]))
def test_nothing_of_a_number_is_left_in_what_is_shown(planted: bytes) -> None:
    data = b"GET /a HTTP/1.1\r\nX: " + planted + b"\r\n\r\n"
    hits = SCANNER.find(data)
    assert hits

    shown = mask_hits(data, hits)

    assert shown.isprintable()
    assert SCANNER.find(shown.encode()) == []
    assert SCANNER.find(excerpt(data, hits[0], hits).encode()) == []


@pytest.mark.parametrize("planted", PLANTED, ids=lambda data: repr(data[:24]))
def test_nothing_of_a_number_is_left_in_text(planted: bytes) -> None:
    text = f"error: upstream said {planted.decode(errors='surrogateescape')}!"

    assert SCANNER.find(mask_text(text, SCANNER).encode(errors="replace")) == []


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"n: 447700900123\r\n", r"n: 447700900***\r\n"),
        (b"n: +44 7700 900 123", "n: +44 7700 900 ***"),
        (b"n: +44 7700 9001 23", "n: +44 7700 900* **"),
        (b"n: " + base64.b64encode(NUMBER), "n: NDQ3NzAw********"),
        (b"n: 321009007744", "n: ************"),
        (b"it's \"\xff\\\x00", "it's \"\\xff\\\\\\x00"),
        (b"", ""),
    ],
)
def test_bytes_are_shown_in_printable_characters(data: bytes, shown: str) -> None:
    assert mask_hits(data, SCANNER.find(data)) == shown


def test_an_excerpt_is_one_line_with_every_hit_in_it_masked() -> None:
    data = b"a" * 40 + b"\r\nto: 07700900123\r\nx: 447700900123\r\n" + b"b" * 40
    hits = SCANNER.find(data)

    shown = excerpt(data, hits[0], hits, before=6, after=17)

    assert shown == r"…\r\nto: 07700900***\r\nx: 447700900***…"


def test_an_excerpt_of_all_the_data_has_no_ellipsis() -> None:
    assert excerpt(b"447700900123", SCANNER.find(b"447700900123")[0], []) == "447700900***"


def test_text_keeps_its_lines_and_letters() -> None:
    text = "Zoë rang\n\t+447700900123 – “twice”\n"

    assert mask_text(text, SCANNER) == "Zoë rang\n\t+447700900*** – “twice”\n"


def test_text_without_a_number_is_the_same() -> None:
    assert (
        mask_text("nothing here: 447700900999 \udcff"[:-1], SCANNER)
        == "nothing here: 447700900999 "
    )


def test_numbers_are_shown_only_where_somebody_has_asked_for_them() -> None:
    data = ADA.msisdn.encode()
    scanner = Scanner([ADA])
    (hit,) = scanner.find(data)

    def shown() -> list[str]:
        text = ADA.msisdn
        return [
            mask_hits(data, [hit]),
            excerpt(data, hit, [hit]),
            mask_text(text, scanner),
            mask_numbers(text),
            ADA.masked.removeprefix("+"),
        ]

    with revealed():
        assert set(shown()) == {ADA.msisdn}
    assert set(shown()) == {f"{ADA.msisdn[:-3]}***"}


def test_a_thread_that_nobody_asked_goes_on_masking() -> None:
    with revealed(), ThreadPoolExecutor(1) as beside:
        assert beside.submit(mask_numbers, ADA.msisdn).result() == f"{ADA.msisdn[:-3]}***"


@pytest.mark.parametrize(
    ("around", "shown"),
    [
        (b"X-Made-Up: 447700900777", "X-Made-Up: 447700900***"),
        (b"X-Made-Up: +44 7700 900777", "X-Made-Up: +44 7700 900***"),
        (b"Via: 100.64.128.177", "Via: 100.64.128.177"),
        (b"Length: 1234567", "Length: 1234567"),
    ],
)
def test_other_numbers_beside_the_one_that_was_found_are_hidden_too(
    around: bytes, shown: str
) -> None:
    data = around + b"\r\nX: " + NUMBER
    hits = SCANNER.find(data)
    assert excerpt(data, hits[-1], hits).startswith(shown)


def test_a_number_at_the_edge_of_an_excerpt_shows_no_end() -> None:
    data = b"447700900777" + b" " * 30 + NUMBER
    hits = SCANNER.find(data)
    assert excerpt(data, hits[-1], hits).startswith("…**")
