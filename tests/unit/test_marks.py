"""A token and a visit are found whatever stands around them."""

from __future__ import annotations

import random

import pytest

from headgate.agents import marks


@pytest.mark.parametrize("number", [0, 1, 255, 256, 70_000, 2**31, 2**40 - 1])
def test_a_visits_mark_tells_its_number(number: int) -> None:
    mark = marks.visit_mark(number)
    for answer in (b"%s", b'ETag: W/"%s-gzip"', b"<p>%s.", b"0123456789abcdef %s", b"id:'%s'"):
        assert marks.visit_in(answer % mark) == number


def test_no_two_visits_have_one_mark() -> None:
    assert len({marks.visit_mark(number) for number in range(20_000)}) == 20_000


def test_what_is_no_mark_tells_nothing() -> None:
    mark = marks.visit_mark(7)
    for answer in (b"", mark[:-1], mark + b"0", mark.upper(), mark[::-1], b"f" * 16):
        assert marks.visit_in(answer) is None
    rng = random.Random(1)
    text = b" ".join(rng.randbytes(8).hex().encode() for _ in range(20_000))
    assert marks.visit_in(text) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET /news/2024/winter-sale-k3v9x0q2m7ha.html HTTP/1.1",
        b"GET /?a=b&id=k3v9x0q2m7ha&page=2 HTTP/1.1",
        b"Cookie: lang=en; _ga=GA1.2.K3V9X0Q2M7HA",
        b"/news;jsessionid=k3v9x0q2m7ha",
        b"Referer: http%3A%2F%2Fa%2F%3Fid%3Dk3v9x0q2m7ha",
        b"winter_k3V9x0Q2m7hA_sale",
    ],
)
def test_a_token_is_found_in_any_place_and_case(data: bytes) -> None:
    assert b"k3v9x0q2m7ha" in list(marks.words(data))


@pytest.mark.parametrize("data", [b"xk3v9x0q2m7ha", b"k3v9x0q2m7ha0", b"k3v9x0q2m7h", b"a" * 33])
def test_a_part_of_a_longer_word_is_no_token(data: bytes) -> None:
    assert b"k3v9x0q2m7ha" not in list(marks.words(data))
    assert b"a" * 32 not in list(marks.words(data))
