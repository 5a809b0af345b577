"""Every form and layer finds what it is for, and is silent on what only looks like it.

What is planted is written here by hand or with the standard library alone, never by the forms.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import struct
import zlib
from typing import NamedTuple
from urllib.parse import quote

import pytest

from headgate.detector import Hit, Scanner
from headgate.forms import FORMS, Form, Identity
from headgate.forms._plan import split, trunk
from headgate.layers import LAYERS, Layer
from headgate.numbers import Subscriber

MSISDN = b"447700900123"
IMSI = b"001016340888752"
ADA = Subscriber(MSISDN.decode(), IMSI.decode())
BEN = Subscriber("447700900122", "001019905172264")
HEAD = b"GET /a HTTP/1.1\r\nHost: shop.example\r\nX-Value: "
END = b"\r\nAccept: */*\r\n\r\n"

SCANNER = Scanner([ADA, BEN])


class Case(NamedTuple):
    part: str  # the name of the form or layer that the case is about
    planted: bytes
    form: str
    near_miss: bytes
    identity: str = "msisdn"


def all_escaped(template: str) -> bytes:
    return "".join(template % digit for digit in MSISDN).encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


UTF16 = "447700900123".encode("utf-16-be")
CASES = [
    Case("digits", b"447700900123", "digits, international", b"447700900_99"),
    Case("digits", b"+447700900123", "digits, with +", b"+44770090012"),
    Case("digits", b"00447700900123", "digits, with 00", b"0044770090012"),
    Case("digits", b"07700900123", "digits, national", b"0770090012"),
    Case("digits", b"7700900123", "digits, significant", b"7700900 12"),
    Case("digits", b"001016340888752", "digits, IMSI", b"00101634088875", "imsi"),
    Case("digits", b"6340888752", "digits, MSIN", b"634088875", "imsi"),
    Case("digits", b"07700-900 123", "digits, national, separated", b"07700-900 1234"),
    Case("digits", b"+44 7700 900123", "digits, with +, separated", b"+44 7700     900123"),
    Case("digits", b"447700 900 123", "digits, international, separated", b"447700=900=123"),
    Case("digits", b"(07700) 900.123", "digits, national, separated", b"(07700) =900.123"),
    Case("digits", b"4.4.7.7.0.0.9.0.0.1.2.3", "digits, international, separated", b"4.4.7.7.0"),
    Case("digits", b"44:77:00:90:01:23", "digits, international, separated", b"44: 77: 00"),
    Case(
        "digits", "0 7700\u00a0900\u2011123".encode(), "digits, national, separated", b"0\xa07700"
    ),
    Case("digits", b"44770\r\n\t0900123", "digits, international, separated", b"44770\r\n0900123"),
    Case(
        "digits",
        b"+44 (0)7700 900123",
        "digits, with + and trunk prefix, separated",
        b"+44 (0)7700 90012",
    ),
    Case("reversed", b"321009007744", "digits, international, reversed", b"32100900774"[1:]),
    Case("hex", MSISDN.hex().encode(), "digits, international, in hex", b"3434373730303930303132"),
    Case("hex", b"2b" + MSISDN.hex().encode(), "digits, with +, in hex", b"2b34343737303039"),
    Case("hex", b"2B" + MSISDN.hex().encode(), "digits, with +, in hex", b"2B34343737303039"),
    Case(
        "hex",
        MSISDN.hex(":").encode(),
        "digits, international, in hex, separated",
        b"34:34:37:37:30:30:39:30:30:31:32",
    ),
    Case(
        "base64", base64.b64encode(MSISDN), "digits, international, in base64", b"NDQ3NzAwOTAwMTIx"
    ),
    Case(
        "base64",
        base64.b64encode(b'{"msisdn":"' + MSISDN + b'"}'),
        "digits, international, in base64",
        base64.b64encode(b'{"msisdn":"447700900199"}'),
    ),
    Case("base64", base64.b64encode(b"7700900123"), "digits, significant, in base64", b"NzcwMDkw"),
    Case(
        "base64",
        base64.urlsafe_b64encode(b"\xff\xfe>>" + MSISDN + b"??>"),
        "digits, international, in base64",
        b"__4-PjQ0NzcwMDkwMDE5Pz8-",
    ),
    Case(
        "TBCD",
        bytes.fromhex("447700091032"),
        "TBCD, international, in bytes",
        bytes.fromhex("447700090132"),
    ),
    Case("TBCD", b"447700091032", "TBCD, international, in hex", b"447700090132"),
    Case(
        "TBCD",
        bytes.fromhex("7007900021f3"),
        "TBCD, national, in bytes",
        bytes.fromhex("700790002133"),
    ),
    Case("TBCD", b"7007900021f3", "TBCD, national, in hex", b"7007900021e3"),
    Case("TBCD", b"7007900021F3", "TBCD, national, in hex", b"7007900021E3"),
    Case(
        "TBCD",
        base64.b64encode(bytes.fromhex("447700091032")),
        "TBCD, international, in base64",
        b"RHcACRAz",
    ),
    Case(
        "TBCD",
        base64.b64encode(bytes.fromhex("91447700091032")),
        "TBCD, international, in base64",
        base64.b64encode(bytes.fromhex("91447700091033")),
    ),
    Case("TBCD", b"00016143808857f2", "TBCD, IMSI, in hex", b"00016143808857e2", "imsi"),
    Case(
        "TBCD",
        bytes.fromhex("0910103604887825"),
        "TBCD, mobile identity, in bytes",
        bytes.fromhex("09101036048878"),
        "imsi",
    ),
    Case(
        "integer",
        struct.pack(">Q", 447700900123),
        "integer, big-endian, in bytes",
        struct.pack(">Q", 447700900223),
    ),
    Case(
        "integer",
        struct.pack("<Q", 447700900123),
        "integer, little-endian, in bytes",
        struct.pack("<Q", 447700900223),
    ),
    Case("integer", b"683d0d991b", "integer, in hex", b"a683d0d991b"),
    Case("integer", b"0x683D0D991B", "integer, in hex", b"683D0D991B0"),
    Case(
        "integer",
        struct.pack("<Q", 447700900123).hex().encode(),
        "integer, little-endian, in hex",
        b"1b990d3d67000000",
    ),
    Case(
        "integer",
        base64.b64encode(struct.pack(">Q", 447700900123)),
        "integer, big-endian, in base64",
        base64.b64encode(struct.pack(">Q", 447700900120)),
    ),
    Case(
        "digest",
        hashlib.md5(MSISDN).hexdigest().encode(),
        "MD5 of digits, international, in hex",
        hashlib.md5(b"salt" + MSISDN).hexdigest().encode(),
    ),
    Case(
        "digest",
        hashlib.sha1(b"+447700900123").hexdigest().upper().encode(),
        "SHA-1 of digits, with +, in hex",
        hashlib.sha1(b"+447700900199").hexdigest().upper().encode(),
    ),
    Case(
        "digest",
        hashlib.sha256(b"07700900123").digest(),
        "SHA-256 of digits, national",
        hashlib.sha256(b"07700900199").digest(),
    ),
    Case(
        "digest",
        base64.b64encode(hashlib.sha256(b"7700900123").digest()),
        "SHA-256 of digits, significant, in base64",
        base64.b64encode(hashlib.sha256(b"7700900199").digest()),
    ),
    Case(
        "digest",
        base64.urlsafe_b64encode(hashlib.md5(b"00447700900123").digest()),
        "MD5 of digits, with 00, in base64",
        base64.urlsafe_b64encode(hashlib.md5(b"00447700900199").digest()),
    ),
    Case(
        "digest",
        hashlib.sha256(MSISDN).hexdigest()[:16].encode(),
        "SHA-256 of digits, international, cut short, in hex",
        hashlib.sha256(MSISDN).hexdigest()[:14].encode(),
    ),
    Case(
        "digest",
        hashlib.sha1(IMSI).hexdigest().encode(),
        "SHA-1 of digits, IMSI, in hex",
        hashlib.sha1(IMSI[:-1]).hexdigest().encode(),
        "imsi",
    ),
    Case(
        "URL-encoding",
        all_escaped("%%%02x"),
        "digits, international, in URL-encoding",
        all_escaped("%%%02x")[:-3],
    ),
    Case(
        "URL-encoding",
        quote(all_escaped("%%%02X")).encode(),
        "digits, international, in URL-encoding, in URL-encoding",
        quote(all_escaped("%%%02X")).encode()[:-5],
    ),
    Case("URL-encoding", b"%2B447700900123", "digits, with +, in URL-encoding", b"%2B44770090012"),
    Case(
        "URL-encoding",
        b"%2B44%207700%20900123",
        "digits, with +, separated, in URL-encoding",
        b"%2B44%207700%3D900123",
    ),
    Case(
        "escapes",
        all_escaped(r"\u%04x"),
        "digits, international, in escapes",
        all_escaped(r"\u%04x")[:-6],
    ),
    Case("escapes", b"44770\\x30900123", "digits, international, in escapes", b"44770\\x31900123"),
    Case("escapes", b"44770\\060900123", "digits, international, in escapes", b"44770\\061900123"),
    Case(
        "HTML entities",
        all_escaped("&#%d;"),
        "digits, international, in HTML entities",
        all_escaped("&#%d;")[:-5],
    ),
    Case(
        "HTML entities",
        all_escaped("&#x%x;"),
        "digits, international, in HTML entities",
        all_escaped("&#x%x;")[:-6],
    ),
    Case(
        "HTML entities",
        b"07700&nbsp;900123",
        "digits, national, separated, in HTML entities",
        b"07700&amp;900123",
    ),
    Case("UTF-16", UTF16, "digits, international, in UTF-16", UTF16[:-2]),
    Case(
        "UTF-16",
        "447700900123".encode("utf-32-le"),
        "digits, international, in UTF-32",
        "44770090012".encode("utf-32-le"),
    ),
    Case(
        "hex",
        b'{"to": "07700 900-123"}'.hex().encode(),
        "digits, national, separated, in hex",
        b'{"to": "07700 900-1234"}'.hex().encode(),
    ),
    Case(
        "base64",
        base64.b64encode(b'{"to": "07700 900-123"}'),
        "digits, national, separated, in base64",
        base64.b64encode(b'{"to": "07700 900-1234"}'),
    ),
    Case(
        "base64",
        base64.b64encode(base64.b64encode(base64.b64encode(MSISDN))),
        "digits, international, in base64, in base64, in base64",
        base64.b64encode(base64.b64encode(base64.b64encode(MSISDN[:-1]))),
    ),
    Case(
        "compressed",
        gzip.compress(b"to 447700900123", mtime=0),
        "digits, international, in gzip",
        gzip.compress(b"to 447700900199", mtime=0),
    ),
    Case(
        "compressed",
        zlib.compress(b"to 447700900123"),
        "digits, international, in zlib",
        zlib.compress(b"to 447700900199"),
    ),
    Case(
        "compressed",
        base64.b64encode(raw_deflate(b"to 447700900123")),
        "digits, international, in deflate, in base64",
        base64.b64encode(raw_deflate(b"to 447700900199")),
    ),
    Case(
        "compressed",
        base64.b64encode(gzip.compress(json.dumps({"n": MSISDN.decode()}).encode(), mtime=0)),
        "digits, international, in gzip, in base64",
        base64.b64encode(gzip.compress(b'{"n": "447700900199"}', mtime=0)),
    ),
    Case(
        "chunked",
        b"x\r\n\r\n5\r\n44770\r\n7;a=b\r\n0900123\r\n0",
        "digits, international, in chunks",
        b"x\r\n\r\n5\r\n44770\r\n7;a=b\r\n0900199\r\n0",
    ),
]


def around(data: bytes) -> bytes:
    return HEAD + data + END


def identities(hits: list[Hit]) -> set[tuple[Subscriber, str]]:
    return {(hit.subscriber, hit.identity) for hit in hits}


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.form}: {case.planted[:20]!r}" for case in CASES]
)
def test_what_is_planted_is_found_and_named(case: Case) -> None:
    data = around(case.planted)

    hits = SCANNER.find(data)

    assert identities(hits) == {(ADA, case.identity)}
    assert [hit.form for hit in hits] == [case.form]
    start, end = len(HEAD), len(HEAD) + len(case.planted)
    assert start <= hits[0].start < hits[0].end <= end


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.form}: {case.near_miss[:20]!r}" for case in CASES]
)
def test_a_near_miss_is_silent(case: Case) -> None:
    assert SCANNER.find(around(case.near_miss)) == []


def _name(part: Form | Layer) -> str:
    return part.name


def test_every_form_and_layer_is_planted_by_a_case() -> None:
    assert {case.part for case in CASES} == {*map(_name, FORMS), *map(_name, LAYERS)}


def test_forms_and_layers_come_in_the_order_of_their_file_names() -> None:
    assert [form.name for form in FORMS] == [
        "base64", "digest", "digits", "hex", "integer", "reversed", "TBCD",
    ]  # fmt: skip
    assert [layer.name for layer in LAYERS] == [
        "base64", "chunked", "compressed", "hex", "HTML entities", "escapes", "URL-encoding",
        "UTF-16",
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["447700900123", "+447700900123", "07700900123", "7700900123"])
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_found_at_every_alignment_and_tells_the_last_digit(
    written: str, before: int, encode: object
) -> None:
    assert callable(encode)
    text = encode(b"\xff\xfb\x07"[:before] * (before > 0) + written.encode() + b"\xfe")

    assert identities(SCANNER.find(around(text))) == {(ADA, "msisdn")}


@pytest.mark.parametrize("digest", [hashlib.md5, hashlib.sha1, hashlib.sha256])
@pytest.mark.parametrize("written", ["447700900123", "+447700900123", "00447700900123"])
def test_digests_are_found_in_bytes_hex_of_any_case_and_base64(digest, written: str) -> None:  # type: ignore[no-untyped-def]
    data = digest(written.encode()).digest()
    mixed = "".join(c.upper() if i % 3 else c for i, c in enumerate(data.hex())).encode()

    for text in (data, data.hex().encode(), mixed, base64.b64encode(data), b"u-" + mixed):
        assert identities(SCANNER.find(around(text))) == {(ADA, "msisdn")}, text


@pytest.mark.parametrize(
    ("msisdn", "code", "prefix"),
    [("447700900123", "44", "0"), ("12025550123", "1", "1"), ("353861234567", "353", "0"),
     ("79161234567", "7", "8"), ("34612345678", "34", "")],
)  # fmt: skip
def test_the_numbering_plan_tells_country_code_and_trunk_prefix(
    msisdn: str, code: str, prefix: str
) -> None:
    assert split(msisdn) == (code, msisdn[len(code) :])
    assert trunk(code) == prefix


def test_a_way_of_writing_under_ten_digits_is_not_looked_for() -> None:
    ways = [way.name for way in Identity("msisdn", "34612345678").written]

    assert ways == ["with +", "with 00", "international"]


def test_an_identity_does_not_show_its_digits() -> None:
    assert "447700900123" not in repr(Identity("msisdn", "447700900123"))


def test_bytes_of_random_numbers_are_told_apart() -> None:
    """Of a thousand subscribers only the one whose number it is is named, in binary forms too."""
    chance = random.Random(7)
    everybody = [
        Subscriber(f"447700900{n:03d}", f"00101{chance.randrange(10**10):010d}") for n in range(300)
    ]
    scanner = Scanner(everybody)
    for each in chance.sample(everybody, 25):
        number = int(each.msisdn)
        for planted in (
            struct.pack("<Q", number),
            base64.b64encode(b"a" + struct.pack("<Q", number)),
            base64.b64encode(b"ab" + each.msisdn.encode() + b"c"),
            each.msisdn[::-1].encode(),
        ):
            assert identities(scanner.find(around(planted))) == {(each, "msisdn")}, planted
