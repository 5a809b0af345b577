"""How a gateway is told who holds which address, and how that can go wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest
from tests.unit.fakes import ADA, BOB, CAROL

from headgate.feeds import DOUBTFUL, GARBAGE, Feed, Reach, faults_of, feed_for, garbled
from headgate.gateway_spec import FileSessions, HeaderSessions, RedisSessions, Sessions
from headgate.numbers import Subscriber

REDIS = RedisSessions(
    6380, "session:{ip}", (("msisdn", "{msisdn}"), ("imsi", "{imsi}"), ("consent", "{consent}"))
)
FILE = FileSessions(PurePosixPath("conf.d/subscribers.map"), '{ip} "{msisdn}";')
CORE = HeaderSessions("x-core-msisdn", "{msisdn}")
KINDS: list[Sessions] = [REDIS, FILE, CORE]

ATTACHED = {"100.64.128.1": ADA, "100.64.128.2": CAROL}


class Surroundings:
    """What a feed moves, with what it did to it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.done: list[str] = []

    def world(self, name: str, **args: Any) -> None:
        self.calls.append((name, args))
        self.done.append(name)

    def install(self, files: Mapping[str, bytes]) -> None:
        self.files |= files
        self.done.append("install")

    def reload(self) -> None:
        self.done.append("reload")

    def feed(self, sessions: Sessions) -> Feed:
        return feed_for(sessions, Reach(self.world, self.install, self.reload))


@pytest.fixture
def around() -> Surroundings:
    return Surroundings()


# Every feed


@pytest.mark.parametrize("sessions", KINDS)
def test_every_feed_can_fail_by_being_wrong(sessions: Sessions, around: Surroundings) -> None:
    assert "wrong" in faults_of(sessions)
    assert around.feed(sessions).faults == faults_of(sessions)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_no_number(garbage: str) -> None:
    assert not re.fullmatch(r"[1-9][0-9]{7,14}", garbage)
    assert not re.search(r"[;\s{}\"'\\#$]", garbage)


def test_garbage_stands_in_the_place_of_the_number_alone() -> None:
    wrong = garbled(ATTACHED)
    assert list(wrong) == list(ATTACHED)
    assert [who.msisdn for who in wrong.values()] == list(GARBAGE[:2])
    assert [(who.imsi, who.consent) for who in wrong.values()] == [
        (ADA.imsi, True),
        (CAROL.imsi, False),
    ]


# Redis


def test_a_store_begins_empty_but_for_those_attached(around: Surroundings) -> None:
    feed = around.feed(REDIS)
    assert feed.files(ATTACHED) == {}
    feed.begin(ATTACHED)
    assert around.done == ["store_at", "clear", "put"]
    assert around.calls[0][1] == {"port": 6380, "state": "up"}
    assert around.calls[-1][1]["sessions"] == {
        "session:100.64.128.1": {
            "msisdn": "447700900123",
            "imsi": "001010123456789",
            "consent": "yes",
        },
        "session:100.64.128.2": {
            "msisdn": "447700900789",
            "imsi": "001010555666777",
            "consent": "no",
        },
    }


def test_a_store_is_told_the_change_alone(around: Surroundings) -> None:
    feed = around.feed(RedisSessions(6379, "{ip}", (("n", "+{msisdn}"),)))
    feed.update(ATTACHED, {"100.64.128.1": BOB, "100.64.128.9": None})
    assert around.calls == [
        ("put", {"sessions": {"100.64.128.1": {"n": "+447700900456"}, "100.64.128.9": {}}})
    ]


def fields_put(around: Surroundings) -> list[str]:
    put = [args["sessions"] for name, args in around.calls if name == "put"]
    return [value for hashes in put for fields in hashes.values() for value in fields.values()]


@pytest.mark.parametrize("fault", [one for one in faults_of(REDIS) if one not in DOUBTFUL])
def test_a_store_in_trouble_has_no_valid_number_left(around: Surroundings, fault: str) -> None:
    feed = around.feed(REDIS)
    feed.disturb(fault, ATTACHED)
    assert around.done
    assert [one for one in fields_put(around) if one in (ADA.msisdn, CAROL.msisdn)] == []


def test_a_number_is_left_out_however_it_is_written(around: Surroundings) -> None:
    fields = (("a", "tel:+{msisdn}"), ("b", "{imsi}@{ip}"), ("c", "{consent}"), ("d", "{ip}"))
    around.feed(RedisSessions(6379, "{ip}", fields)).disturb("incomplete", {"100.64.128.1": ADA})
    assert fields_put(around) == ["yes", "100.64.128.1"]


@pytest.mark.parametrize("fault", ["unreachable", "silent", "hanging up", "late"])
def test_a_store_can_be_gone_without_its_content(around: Surroundings, fault: str) -> None:
    around.feed(REDIS).disturb(fault, ATTACHED)
    assert around.calls == [("store_at", {"port": 6380, "state": fault})]


@pytest.mark.parametrize("fault", faults_of(REDIS))
def test_a_store_is_as_before_when_the_trouble_is_over(around: Surroundings, fault: str) -> None:
    feed = around.feed(REDIS)
    feed.disturb(fault, ATTACHED)
    around.calls.clear()
    feed.restore(ATTACHED)
    assert ("store_at", {"port": 6380, "state": "up"}) in around.calls
    assert {ADA.msisdn, CAROL.msisdn} <= set(fields_put(around))


# A file


def test_a_file_has_a_line_for_each_attached_handset(around: Surroundings) -> None:
    feed = around.feed(FILE)
    assert feed.files(ATTACHED) == {
        "conf.d/subscribers.map": (b'100.64.128.1 "447700900123";\n100.64.128.2 "447700900789";\n')
    }
    assert feed.files({}) == {"conf.d/subscribers.map": b""}
    feed.begin(ATTACHED)
    assert around.done == []


def test_a_changed_file_is_written_whole_before_the_reload(around: Surroundings) -> None:
    feed = around.feed(FILE)
    feed.update({"100.64.128.2": BOB}, {"100.64.128.1": None, "100.64.128.2": BOB})
    assert around.done == ["install", "reload"]
    assert around.files == {"conf.d/subscribers.map": b'100.64.128.2 "447700900456";\n'}


def test_a_wrong_file_is_mended(around: Surroundings) -> None:
    feed = around.feed(FILE)
    feed.disturb("wrong", ATTACHED)
    assert around.files == {
        "conf.d/subscribers.map": b'100.64.128.1 "0";\n100.64.128.2 "04477009";\n'
    }
    feed.restore(ATTACHED)
    assert around.files == feed.files(ATTACHED)
    assert around.done == ["install", "reload"] * 2


@pytest.mark.parametrize("sessions", [REDIS, FILE])
def test_only_a_header_touches_requests(around: Surroundings, sessions: Sessions) -> None:
    raw = b"GET / HTTP/1.1\r\nx-core-msisdn: 1\r\n\r\n"
    assert around.feed(sessions).core(raw, "100.64.128.1", ADA) == raw


# The packet core


CORE_CASES = {
    "added as the last line": (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody",
        b"GET / HTTP/1.1\r\nHost: a\r\nx-core-msisdn: 447700900123\r\n\r\nbody",
    ),
    "added to no lines": (
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.0\r\nx-core-msisdn: 447700900123\r\n\r\n",
    ),
    "bare line feeds": (
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\nHost: a\nx-core-msisdn: 447700900123\n\n",
    ),
    "empty lines first": (
        b"\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\nx-core-msisdn: 447700900123\r\n\r\n",
    ),
    "the handset's own": (
        b"GET / HTTP/1.1\r\nX-Core-MSISDN: 1\r\nHost: a\r\nx-core-msisdn :2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nx-core-msisdn: 447700900123\r\n\r\n",
    ),
    "the handset's own, folded": (
        b"GET / HTTP/1.1\r\nx-core-msisdn: 1\r\n 2\r\n\t3\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nx-core-msisdn: 447700900123\r\n\r\n",
    ),
    "names that only resemble it": (
        b"GET / HTTP/1.1\r\nx-core-msisdn2: 1\r\nax-core-msisdn: 1\r\nx_core_msisdn: 1\r\n\r\n",
        (
            b"GET / HTTP/1.1\r\nx-core-msisdn2: 1\r\nax-core-msisdn: 1\r\nx_core_msisdn: 1\r\n"
            b"x-core-msisdn: 447700900123\r\n\r\n"
        ),
    ),
    "a body that looks like a head": (
        b"POST / HTTP/1.1\r\n\r\nx-core-msisdn: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nx-core-msisdn: 447700900123\r\n\r\nx-core-msisdn: 1\r\n\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "made"), CORE_CASES.values(), ids=CORE_CASES)
def test_the_core_sets_its_header_and_no_one_elses_passes(
    around: Surroundings, sent: bytes, made: bytes
) -> None:
    assert around.feed(CORE).core(sent, "100.64.128.1", ADA) == made


def test_the_core_removes_the_header_of_a_handset_that_nobody_holds(around: Surroundings) -> None:
    raw = b"GET / HTTP/1.1\r\nx-core-msisdn: 1\r\nHost: a\r\n\r\n"
    without = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert around.feed(CORE).core(raw, "100.64.128.1", None) == without


def test_a_head_that_never_ends_is_left_as_it_is(around: Surroundings) -> None:
    raw = b"GET / HTTP/1.1\r\nx-core-msisdn: 1\r\n"
    assert around.feed(CORE).core(raw, "100.64.128.1", ADA) == raw


def test_the_core_fills_in_every_field(around: Surroundings) -> None:
    feed = around.feed(HeaderSessions("X.Core", "{ip}/{msisdn}/{imsi}/{consent}"))
    made = feed.core(b"GET / HTTP/1.1\r\nXaCore: 1\r\n\r\n", "100.64.128.7", CAROL)
    assert b"\r\nXaCore: 1\r\n" in made
    assert b"X.Core: 100.64.128.7/447700900789/001010555666777/no\r\n\r\n" in made


def test_a_core_in_trouble_sets_garbage_until_it_is_mended(around: Surroundings) -> None:
    feed = around.feed(CORE)
    raw = b"GET / HTTP/1.1\r\n\r\n"
    feed.begin(ATTACHED)
    feed.disturb("wrong", ATTACHED)
    wrong = feed.core(raw, "100.64.128.2", CAROL)
    assert wrong == b"GET / HTTP/1.1\r\nx-core-msisdn: 04477009\r\n\r\n"
    feed.restore(ATTACHED)
    assert b"447700900789" in feed.core(raw, "100.64.128.2", CAROL)
    assert (around.calls, around.done, feed.files(ATTACHED)) == ([], [], {})


def test_a_change_at_the_core_counts_at_once(around: Surroundings) -> None:
    feed = around.feed(CORE)
    feed.update(ATTACHED, {"100.64.128.1": BOB})
    assert around.done == []
    someone: Subscriber = BOB
    assert b"447700900456" in feed.core(b"GET / HTTP/1.1\r\n\r\n", "100.64.128.1", someone)
