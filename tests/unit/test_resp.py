"""What a client only asks of a Redis server is told from what it writes into it."""

from __future__ import annotations

import pytest

from headgate.resp import readings


def command(*words: bytes) -> bytes:
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%s" % (len(words), parts)


GET = command(b"get", b"session:100.64.128.1")
SET = command(b"SET", b"last", b"447700900123")
PUBLISH = command(b"publish", b"visits", b"447700900123")


@pytest.mark.parametrize("name", [b"GET", b"hget", b"HMGET", b"hgetall", b"EXISTS", b"ttl"])
def test_a_command_that_reads_is_found(name: bytes) -> None:
    asked = command(name, b"session:100.64.128.1", b"msisdn")
    assert list(readings(asked)) == [(0, len(asked))]


@pytest.mark.parametrize(
    "name", [b"SET", b"incr", b"PUBLISH", b"XADD", b"eval", b"echo", b"getset"]
)
def test_a_command_that_may_leave_something_is_not(name: bytes) -> None:
    assert list(readings(command(name, b"447700900123"))) == []


def test_each_command_has_its_own_place() -> None:
    asked = GET + SET + GET + PUBLISH
    first = len(GET + SET)
    assert list(readings(asked)) == [(0, len(GET)), (first, first + len(GET))]


def test_a_value_may_hold_what_looks_like_a_command() -> None:
    assert list(readings(command(b"SET", b"x", GET))) == []


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(GET[:-1], id="cut off"),
        pytest.param(b"GET session:1\r\n", id="a line"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
        pytest.param(b"*0\r\n", id="of no words"),
        pytest.param(b"*1\r\n$3\r\nGETxx", id="longer than it says"),
        pytest.param(b"*1\r\n:3\r\n", id="a word that is none"),
    ],
)
def test_what_is_no_whole_command_ends_the_reading(end: bytes) -> None:
    assert list(readings(GET + end + GET)) == [(0, len(GET))]
