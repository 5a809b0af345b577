"""How a handset's connection becomes bytes on the line, through the packet core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest
from tests.unit.fakes import HANDSET, request_of

from headgate.lab.gateway import Gateway
from headgate.lab.lab import _plan
from headgate.request import ORDINARILY, Connection, Manner, Request

GET = b"GET http://a.example/?id=%s HTTP/1.1\r\nHost: a.example\r\n\r\n"
POST = b"POST http://a.example/?id=%s HTTP/1.1\r\nHost: a.example\r\n%s\r\n\r\n"


@dataclass
class MarkingCore:
    """A gateway behind a core that marks the beginning of each request that it sees."""

    def core(self, raw: bytes, handset: str) -> bytes:
        assert handset == HANDSET
        return b"|" + raw


def planned(
    *requests: Request, pipelined: bool = False, manner: Manner = ORDINARILY
) -> dict[str, object]:
    connection = Connection(requests, "100.64.0.1", 8080, pipelined, manner)
    return _plan(cast("Gateway", MarkingCore()), connection, 0.0)


def ask(name: bytes, *, hidden: bool = False) -> Request:
    return hide(GET % name) if hidden else request_of(GET % name)


def hide(raw: bytes) -> Request:
    one = request_of(raw)
    return Request(one.token, "family", HANDSET, one.mode, one.host, raw, False, hidden=True)


def test_each_request_waits_for_the_answer_to_the_one_before() -> None:
    steps = planned(ask(b"a"), ask(b"b"))["steps"]
    assert steps == [(b"|" + GET % b"a", [b"GET"]), (b"|" + GET % b"b", [b"GET"])]


def test_pipelined_requests_are_sent_at_once() -> None:
    steps = planned(ask(b"a"), ask(b"b"), pipelined=True)["steps"]
    assert steps == [(b"|" + GET % b"a" + b"|" + GET % b"b", [b"GET", b"GET"])]


def test_a_preamble_comes_before_all_else_and_past_the_core() -> None:
    steps = planned(ask(b"a"), manner=Manner(preamble=b"PROXY TCP4\r\n"))["steps"]
    assert steps == [(b"PROXY TCP4\r\n|" + GET % b"a", [b"GET"])]


def test_who_awaits_nothing_listens_to_no_answer() -> None:
    assert planned(ask(b"a"), manner=Manner(awaits=False))["steps"] == [(b"|" + GET % b"a", [])]


def test_how_a_handset_treats_its_connection_is_told() -> None:
    manner = Manner(pieces=3, half_closes=True, lingers=0.5, patience=2.0)
    plan = planned(ask(b"a"), manner=manner)
    traits = ("pieces", "half_closes", "lingers", "patience")
    assert [plan[name] for name in traits] == [3, True, 0.5, 2.0]


def test_a_connection_that_stays_is_gone_on_with_by_its_name() -> None:
    open_ = planned(ask(b"a"), manner=Manner(stays=True))
    again = planned(ask(b"b"), manner=Manner(goes_on=True))
    assert (open_["goes_on"], again["stays"]) == ("", "")
    assert open_["stays"] == again["goes_on"] != ""


HIDDEN = GET % b"b"


@pytest.mark.parametrize(
    ("framing", "before"),
    [
        (b"Content-Length: %d" % len(HIDDEN), b""),
        (b"Transfer-Encoding: chunked", b"%x\r\n" % len(HIDDEN)),
        (b"Content-Length: %d" % (len(HIDDEN) + 5), b"0\r\n\r\n"),
    ],
)
def test_the_core_does_not_see_what_stands_in_a_body(framing: bytes, before: bytes) -> None:
    outer = request_of(POST % (b"a", framing) + before)
    behind = b"\r\n0\r\n\r\n" if b"chunked" in framing else b""
    steps = planned(outer, hide(HIDDEN + behind))["steps"]
    assert steps == [(b"|" + outer.raw + HIDDEN + behind, [b"POST"])]


@pytest.mark.parametrize(
    ("framing", "before"),
    [
        (b"Content-Length: 0", b""),
        (b"Transfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"),
    ],
)
def test_the_core_sees_a_request_that_stands_behind_a_body(framing: bytes, before: bytes) -> None:
    outer = request_of(POST % (b"a", framing) + before)
    steps = planned(outer, hide(HIDDEN))["steps"]
    assert steps == [(b"|" + outer.raw + b"|" + HIDDEN, [b"POST"])]


def test_what_never_ends_passes_the_core_once() -> None:
    outer = request_of(POST % (b"a", b"Content-Length: 5000"))
    steps = planned(outer, hide(HIDDEN))["steps"]
    assert steps == [(b"|" + outer.raw + HIDDEN, [b"POST"])]


def test_the_core_does_not_see_into_a_tunnel() -> None:
    opening = request_of(b"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n")
    steps = planned(opening, ask(b"b", hidden=True))["steps"]
    assert steps == [(b"|" + opening.raw + GET % b"b", [b"CONNECT"])]


def test_what_does_not_pass_the_core_at_all_is_left_as_it_is() -> None:
    assert planned(ask(b"a", hidden=True))["steps"] == [(GET % b"a", [b"GET"])]
