"""Messages are read as they came: nothing joined, folded, lower-cased or dropped."""

from __future__ import annotations

import pytest

from headgate.http import Message

FORM = (
    b"POST http://premium.example/a/b?q=1&n=2 HTTP/1.1\r\n"
    b"Host: premium.example\r\n"
    b"Cookie: id=1; lang=en\r\n"
    b"X-Long: first\r\n"
    b"\tsecond\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"body"
)


def pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    return [(field.name, field.value) for field in Message(raw).fields]


def test_a_request_has_a_method_a_target_and_a_body() -> None:
    message = Message(FORM)
    assert message.method == b"POST"
    assert message.target == b"http://premium.example/a/b?q=1&n=2"
    assert message.body == b"body"


def test_fields_keep_their_order_case_and_duplicates() -> None:
    raw = b"GET / HTTP/1.1\r\nB: 1\r\na: 2\r\nb: 3\r\nB: 1\r\n\r\n"
    assert pairs(raw) == [(b"B", b"1"), (b"a", b"2"), (b"b", b"3"), (b"B", b"1")]


def test_a_folded_line_belongs_to_the_field_above_it() -> None:
    assert (b"X-Long", b"first\r\n\tsecond") in pairs(FORM)


def test_bare_line_feeds_end_lines_too() -> None:
    raw = b"GET / HTTP/1.1\nHost: a\nX: 1\n 2\n\nbody"
    assert pairs(raw) == [(b"Host", b"a"), (b"X", b"1\n 2")]
    assert Message(raw).body == b"body"


def test_a_value_is_what_stands_behind_the_first_colon() -> None:
    assert pairs(b"GET / HTTP/1.1\r\nX:a:b\r\nY :  c \r\nZ:\r\n\r\n") == [
        (b"X", b"a:b"),
        (b"Y", b"c"),
        (b"Z", b""),
    ]


def test_a_line_without_a_colon_is_no_field() -> None:
    assert pairs(b"GET / HTTP/1.1\r\nnonsense\r\nX: 1\r\n\r\n") == [(b"X", b"1")]


def test_a_head_that_never_ends_is_all_head() -> None:
    message = Message(b"GET / HTTP/1.1\r\nHost: a\r\nX: cut sho")
    assert message.body == b""
    assert pairs(message.raw) == [(b"Host", b"a"), (b"X", b"cut sho")]
    assert message.place(len(message.raw) - 1) == "header x"


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\r\n\r\n", b"GET", b"GET /", b"\0\xff", b":"])
def test_what_is_no_message_is_still_read(raw: bytes) -> None:
    message = Message(raw)
    assert message.fields == ()
    assert message.body == b""
    assert message.status is None
    assert message.place(0) in ("request line", "body")


def test_empty_lines_before_a_request_are_not_its_head() -> None:
    message = Message(b"\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\nbody")
    assert (message.start_line, message.target) == (b"GET /x HTTP/1.1", b"/x")
    assert (pairs(message.raw), message.body) == ([(b"Host", b"a")], b"body")


@pytest.mark.parametrize(
    ("line", "target"),
    [
        (b"GET /a HTTP/1.1", b"/a"),
        (b"GET /a HTTP/1.0", b"/a"),
        (b"GET /a HTTP/2", b"/a"),
        (b"GET /a b HTTP/1.1", b"/a b"),
        (b"GET /a", b"/a"),
        (b"GET /a HTTP/1.1 x", b"/a HTTP/1.1 x"),
        (b"GET", b""),
    ],
)
def test_the_target_stands_between_the_method_and_the_version(line: bytes, target: bytes) -> None:
    assert Message(line + b"\r\n\r\n").target == target


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", 404),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n", 403),
        (b"HTTP/1.1 103 Hints\nLink: x\n\nHTTP/1.1 100 C\n\nHTTP/1.1 204 No\n\n", 204),
        (b"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 500 No\r\n\r\n", 101),
        (b"HTTP/1.1 200 OK\r\n\r\n\r\n\r\nHTTP/1.1 500 No", 200),
        (b"HTTP/1.1 100 Continue\r\n\r\n", 100),
        (b"<html>HTTP/1.1 200 OK", None),
    ],
)
def test_the_status_is_that_of_the_final_response(raw: bytes, status: int | None) -> None:
    assert Message(raw).status == status


def test_a_response_comes_apart_into_interim_ones_and_the_final_one() -> None:
    interim, final = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nbody"
    assert [one.raw for one in Message(interim + interim + final).responses] == [
        interim,
        interim,
        final,
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n",
        b"no response at all",
        b"",
    ],
)
def test_a_response_without_interim_ones_is_one_piece(raw: bytes) -> None:
    assert [one.raw for one in Message(raw).responses] == [raw]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"POST", "request line"),
        (b"/a/b", "request line"),
        (b"q=1", "query"),
        (b"n=2", "query"),
        (b"Host", "header name host"),
        (b"premium.example\r\n", "header host"),
        (b"lang=en", "cookie"),
        (b"first", "header x-long"),
        (b"second", "header x-long"),
        (b"4\r\n", "header content-length"),
        (b"body", "body"),
    ],
)
def test_every_byte_has_a_place(text: bytes, place: str) -> None:
    assert Message(FORM).place(FORM.index(text)) == place


def test_a_byte_between_fields_is_somewhere_in_the_head() -> None:
    raw = b"GET / HTTP/1.1\r\nX: 1\r\n447700900123\r\n\r\n"
    assert Message(raw).place(raw.index(b"4477")) == "header"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a?b", b"/a?b"),
        (b"http://host/a?b", b"/a?b"),
        (b"HTTP://host:8080/a/../b", b"/a/../b"),
        (b"http://host", b"/"),
        (b"http://host?b", b"/?b"),
        (b"http://host#c", b"/#c"),
        (b"http://user@host//a", b"//a"),
        (b"a+b.c-1://host/x", b"/x"),
        (b"//host/a", b"//host/a"),
        (b"*", b"/*"),
        (b"", b"/"),
        (b"/http://host/a", b"/http://host/a"),
    ],
)
def test_the_path_is_path_and_query_as_sent(target: bytes, path: bytes) -> None:
    assert Message(b"GET " + target + b" HTTP/1.1\r\n\r\n").path == path


def test_the_fields_behind_a_chunked_body_are_its_trailer() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    message = Message(head + b"3;x=y\r\na: \r\n0\r\nX-Sum: 1\r\nx-sum:\t2\r\n\r\n")
    assert [(field.name, field.value) for field in message.trailer] == [
        (b"X-Sum", b"1"),
        (b"x-sum", b"2"),
    ]
    assert message.place(message.raw.index(b"2\r\n\r\n")) == "trailer x-sum"
    assert message.place(message.raw.index(b"a: ")) == "body"
    assert [field.name for field in message.fields] == [b"Host", b"Transfer-Encoding"]


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 12\r\n\r\n0\r\nX-Sum: 1\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_there_is_no_trailer_without_a_last_chunk_and_fields_behind_it(body: bytes) -> None:
    assert Message(b"POST / HTTP/1.1\r\nHost: a\r\n" + body).trailer == ()
