"""Where a message ends is known as soon as its last byte is there, and not before."""

from __future__ import annotations

import pytest

from headgate.agents.framing import UNTIL_CLOSE, request_end, response_end

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

WHOLE_REQUESTS = {
    "no body": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no fields": b"GET / HTTP/1.1\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "empty lines first": b"\r\n\n\r\nGET / HTTP/1.1\r\n\r\n",
    "a length": POST + b"Content-Length: 5\r\n\r\nabcde",
    "a length of nothing": POST + b"Content-Length: 0\r\n\r\n",
    "a length, in other words": POST + b"content-LENGTH : \t5 \r\nX: 1\r\n\r\n\r\n\r\na",
    "chunks": POST + CHUNKED + b"5\r\nabcde\r\n3\r\nabc\r\n0\r\n\r\n",
    "chunk extensions": POST + CHUNKED + b'5;a=1;b="x"\r\nabcde\r\n0;last\r\n\r\n',
    "trailers": POST + CHUNKED + b"1\r\na\r\n0\r\nX-Sum: 1\r\nX-Two: 2\r\n\r\n",
    "chunks that hold line ends": POST + CHUNKED + b"6\r\n\r\n0\r\n\r\r\n0\r\n\r\n",
    "upper-case sizes": POST + CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n",
    "sizes with leading noughts": POST + CHUNKED + b"00000000000A\r\n01\r\n\r\n6789\r\n000\r\n\r\n",
    "chunks before a length": POST + b"Content-Length: 99\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunks behind another coding": (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    ),
    "chunks of bare line feeds": (
        b"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\na\n0\nX: 1\n\n"
    ),
}  # fmt: skip

WHOLE_RESPONSES = {
    "a length": OK + b"Content-Length: 3\r\n\r\nabc",
    "chunks": OK + CHUNKED + b"3\r\nabc\r\n0\r\nX: 1\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "an interim one first": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nabc"
    ),
    "two interim ones first": (
        b"HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
        b"HTTP/1.1 204 No\r\n\r\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("raw", WHOLE_REQUESTS.values(), ids=WHOLE_REQUESTS)
def test_a_request_ends_with_its_last_byte(raw: bytes) -> None:
    assert request_end(raw) == len(raw)
    assert request_end(raw + b"GET /next HTTP/1.1\r\n\r\n") == len(raw)


@pytest.mark.parametrize("raw", WHOLE_REQUESTS.values(), ids=WHOLE_REQUESTS)
def test_a_request_cut_short_anywhere_is_not_whole(raw: bytes) -> None:
    assert [at for at in range(len(raw)) if request_end(bytearray(raw[:at])) is not None] == []


@pytest.mark.parametrize("raw", WHOLE_RESPONSES.values(), ids=WHOLE_RESPONSES)
def test_a_response_ends_with_its_last_byte(raw: bytes) -> None:
    assert response_end(raw, b"GET") == len(raw)
    assert response_end(raw + OK, b"GET") == len(raw)


@pytest.mark.parametrize("raw", WHOLE_RESPONSES.values(), ids=WHOLE_RESPONSES)
def test_a_response_cut_short_anywhere_is_not_whole(raw: bytes) -> None:
    assert [at for at in range(len(raw)) if response_end(bytearray(raw[:at]), b"GET")] == []


def test_the_answer_to_head_has_no_body_whatever_it_says() -> None:
    raw = OK + b"Content-Length: 3\r\n\r\n"
    assert response_end(raw + b"HTTP/1.1 200 OK\r\n", b"HEAD") == len(raw)
    assert response_end(raw, b"GET") is None


def test_an_agreed_tunnel_begins_behind_the_head() -> None:
    raw = b"HTTP/1.1 200 Connection established\r\nContent-Length: 3\r\n\r\n"
    assert response_end(raw + b"\x16\x03\x01", b"CONNECT") == len(raw)
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\n"
    assert response_end(refusal + b"no", b"CONNECT") is None
    assert response_end(refusal + b"no!", b"CONNECT") == len(refusal) + 3


def test_a_response_without_a_length_lasts_until_the_connection_closes() -> None:
    assert response_end(OK + b"Connection: close\r\n\r\nabc", b"GET") == UNTIL_CLOSE
    assert response_end(b"SSH-2.0-OpenSSH\r\n\r\n", b"GET") == UNTIL_CLOSE


@pytest.mark.parametrize("size", [b"xyz", b"", b"-1", b" 5"])
def test_a_chunk_without_a_size_never_ends(size: bytes) -> None:
    assert request_end(POST + CHUNKED + size + b"\r\nabcde\r\n0\r\n\r\n") is None


def test_a_huge_chunk_is_waited_for() -> None:
    assert request_end(POST + CHUNKED + b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n") is None


def test_a_length_that_only_a_body_holds_frames_nothing() -> None:
    raw = b"GET / HTTP/1.1\r\nX: 1\r\n\r\n"
    assert request_end(raw + b"\nContent-Length: 9\r\n\r\n") == len(raw)


def test_the_length_of_an_interim_response_frames_nothing() -> None:
    raw = b"HTTP/1.1 100 C\r\nContent-Length: 50\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx"
    assert response_end(raw, b"POST") == len(raw)
