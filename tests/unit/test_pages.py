"""Sites answer as sites do: each in its own way, and no two alike."""

from __future__ import annotations

from collections import Counter

import pytest

from headgate.agents import marks
from headgate.agents.framing import response_end
from headgate.agents.pages import page
from headgate.http import Message
from headgate.internet import Internet, lifetime

ADDRESSES = [Internet("seed").address(f"site{index}.example") for index in range(400)]
GET = b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n"
PATHS = (b"/news", b"/a.jpg", b"/a.png?v=1", b"/a.gif", b"/a.js;x=y", b"/a.css", b"/\xff%00")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_every_answer_is_whole_and_tells_its_visit(method: bytes, path: bytes) -> None:
    for number, address in enumerate(ADDRESSES):
        answer, stays = page(method + b" " + path + b" HTTP/1.1\r\n\r\n", number, address)
        assert stays
        assert response_end(answer, method) == len(answer)
        message = Message(answer)
        assert message.status == 200
        assert marks.visit_in(answer[: message.body_start]) == number
        assert method == b"HEAD" or marks.visit_in(message.body) == number


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        (GET, True),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nconnection: Close\r\n\r\n", False),
        (b"\r\nnonsense", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 17\r\n\r\nConnection: close", True),
    ],
)
def test_a_site_hangs_up_when_it_is_asked_to(request_: bytes, stays: bool) -> None:
    for address in ADDRESSES[:50]:
        answer, kept = page(request_, 1, address)
        connection = [one.value for one in Message(answer).fields if one.name == b"Connection"]
        assert kept == stays
        assert (b"close" in connection) != stays


def test_a_site_keeps_its_looks_and_sites_differ() -> None:
    looks = set()
    for address in ADDRESSES:
        first, again = (page(GET, number, address)[0] for number in (1, 2))
        names = [tuple(one.name for one in Message(one).fields) for one in (first, again)]
        assert names[0] == names[1]
        looks.add(names[0])
    assert len(looks) > 200


def test_no_header_line_but_what_frames_an_answer_is_common_to_all() -> None:
    messages = [Message(page(GET, index, one)[0]) for index, one in enumerate(ADDRESSES)]
    names = Counter(name for one in messages for name in {field.name for field in one.fields})
    common = {name for name, count in names.items() if count == len(messages)}
    assert common == {b"Content-Type", b"Content-Length"}
    servers = Counter(field.value for one in messages for field in one.fields
                      if field.name == b"Server")  # fmt: skip
    assert len(servers) > 10
    assert len({len(one.body) for one in messages}) > 200


def test_most_pages_are_not_to_be_kept() -> None:
    heads = [Message(page(GET, 1, address)[0]).fields for address in ADDRESSES]
    caching = [field.value for head in heads for field in head if field.name == b"Cache-Control"]
    assert len(caching) > 300
    assert sum(b"no-store" in value for value in caching) > 200


def test_names_live_as_long_in_resolvers_as_in_life() -> None:
    lifetimes = Counter(lifetime(f"site{index}.example") for index in range(1000))
    assert min(lifetimes) == 60
    assert max(lifetimes) == 3600
    assert len(lifetimes) >= 6
    assert lifetime("A.Example.") == lifetime("a.example")
