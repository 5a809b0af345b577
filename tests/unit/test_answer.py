"""What a misbehaving site answers, from the family's words to the bytes on the line."""

from __future__ import annotations

from dataclasses import asdict, replace

from headgate.agents import marks
from headgate.agents.world import World, rendered
from headgate.answer import Answer

PLAIN = Answer(b"HTTP/1.1 200 OK\r\nServer: Apache", b"<p>{visit}")
ASKED = b"GET /a?id=abcdefghijkl HTTP/1.1\r\nHost: a.example\r\nX-Note: <&>\r\n\r\n"


def said(answer: Answer, request: bytes = ASKED, number: int = 7) -> bytes:
    return rendered(asdict(answer), request, number)


def test_a_body_has_its_length_and_the_connection_ends() -> None:
    head, _, body = said(PLAIN).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Server: Apache",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    ]


def test_a_page_holds_the_mark_of_its_visit() -> None:
    assert marks.visit_in(said(PLAIN, number=12345)) == 12345


def test_a_page_shows_what_arrived_as_text() -> None:
    page = said(replace(PLAIN, body=b"<pre>{received}</pre>"))
    assert b"<pre>GET /a?id=abcdefghijkl HTTP/1.1\r\nHost: a.example\r\n" in page
    assert b"X-Note: &lt;&amp;&gt;" in page


def test_a_head_is_answered_without_a_body() -> None:
    answered = said(PLAIN, ASKED.replace(b"GET", b"HEAD"))
    assert answered.endswith(b"\r\n\r\n")
    assert b"Content-Length: 0" not in answered


def test_interim_answers_come_first() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert said(replace(PLAIN, interim=interim)).startswith(interim + b"HTTP/1.1 200 OK\r\n")


def test_what_is_not_framed_has_no_length() -> None:
    answered = said(replace(PLAIN, body=b"\x81\x05Hello", framed=False))
    assert answered == PLAIN.head + b"\r\n\r\n\x81\x05Hello"


def test_a_token_goes_where_an_answer_sends_a_gateway() -> None:
    answer = Answer(b"HTTP/1.1 302 Found\r\nLocation: /?id={token}", b"<a href='/{token}'>")
    filled = answer.for_token("abcdefghijkl")
    assert filled.head.endswith(b"Location: /?id=abcdefghijkl")
    assert filled.body == b"<a href='/abcdefghijkl'>"


def test_a_site_answers_the_request_that_an_answer_was_given_for() -> None:
    world = World()
    assert world.answer_to(ASKED) is None
    world.answer_with({"ABCDEFGHIJKL": asdict(PLAIN)})
    assert world.answer_to(ASKED) == asdict(PLAIN)
    assert world.answer_to(ASKED.replace(b"abcdefghijkl", b"mnopqrstuvwx")) is None
    assert world.answer_to(ASKED) == asdict(PLAIN)


def test_what_is_given_once_is_not_given_again() -> None:
    world = World()
    world.answer_with({"abcdefghijkl": asdict(replace(PLAIN, once=True))})
    assert world.answer_to(ASKED) is not None
    assert world.answer_to(ASKED) is None
