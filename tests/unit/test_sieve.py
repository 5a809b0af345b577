"""Looking messages through together leaves out none that a scan of its own finds something in."""

from __future__ import annotations

import gzip
import random

import pytest
from tests.unit.test_forms import CASES, SCANNER, Case, around

from headgate.layers import Budget
from headgate.sieve import added, suspects

GET = b"GET http://shop.example/a?id=1 HTTP/1.1\r\n"
ARRIVED = b"GET /a?id=1 HTTP/1.1\r\n"
OWN = b"Host: shop.example\r\nUser-Agent: Phone/447700900123\r\nAccept: */*\r\n"
# What could keep others from being seen: base64 and hex that end anywhere, sizes of chunks, a
# compressed member, half an escape.
NOISE = (
    b"GET / HTTP/1.1\r\nHost: a.example\r\nCookie: sid=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nabc",
    b'HTTP/1.1 200 OK\r\nETag: "0123456789abcdef0123456789abcde"\r\n\r\n%34%3',
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 5000),
    b"GET /?d=ZGVmbGF0ZQ7V0QkAAAgEsEpvGBsYBsYBsY HTTP/1.1\r\n\r\n",
    b"",
)


@pytest.mark.parametrize("case", CASES, ids=[f"{one.form}: {one.planted[:20]!r}" for one in CASES])
def test_a_number_in_any_form_is_suspected_wherever_it_stands(case: Case) -> None:
    rng = random.Random(case.form)
    for _ in range(4):
        texts = rng.choices(NOISE, k=30)
        at = rng.randrange(len(texts))
        texts[at] = around(case.planted)
        assert at in suspects(texts, SCANNER)


def test_plain_text_without_numbers_is_not_suspected() -> None:
    texts = [NOISE[0], NOISE[2], b"", NOISE[4], around(b"447700900199")] * 20
    assert set(suspects(texts, SCANNER)) == set()


def test_where_decoding_met_its_bound_all_are_suspected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.detector._budget", lambda data: Budget(10, 10))
    encoded = b"GET /?d=" + b"QUJD" * 5000 + b" HTTP/1.1\r\n\r\n"
    assert set(suspects([NOISE[0], encoded, NOISE[2]], SCANNER)) == {0, 1, 2}


def test_what_a_handset_wrote_is_left_out_and_the_rest_is_kept_in_order() -> None:
    arrived = ARRIVED + b"X-A: 1\r\n" + OWN + b"X-B: 2\r\n\r\n"
    assert added(arrived, GET + OWN + b"\r\n") == b"GET /a?id=1 HTTP/1.1\r\nX-A: 1\r\nX-B: 2"


def test_a_body_is_left_out_when_it_is_the_handsets_own() -> None:
    written = GET + OWN + b"\r\nname=value"
    assert added(ARRIVED + OWN + b"\r\nname=value", written) == b"GET /a?id=1 HTTP/1.1"
    assert added(ARRIVED + OWN + b"\r\nname=other", written).endswith(b"\r\n\r\nname=other")


def test_lines_that_go_on_are_kept_whole() -> None:
    arrived = ARRIVED + OWN + b"X-A: 44770\r\n 0900123\r\n\r\n"
    assert added(arrived, GET + OWN + b"\r\n") == arrived
