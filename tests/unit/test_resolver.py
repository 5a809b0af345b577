"""What the world answers to a query, read by a resolver of its own kind."""

from __future__ import annotations

import random

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from headgate.agents.resolver import _answer_any, answer
from headgate.internet import lifetime

ADDRESS = "198.51.100.7"


def resolve(name: str) -> str:
    return ADDRESS


def query(name: str, kind: str = "A", edns: int = -1) -> bytes:
    return dns.message.make_query(name, kind, use_edns=edns).to_wire()


@pytest.mark.parametrize(
    "name", ["www.shop.example", "a", "x" * 63 + ".example", "_a.b-c.example", "WWW.Shop.Example"]
)
@pytest.mark.parametrize("edns", [-1, 0])
def test_a_name_has_an_address(name: str, edns: int) -> None:
    asked = query(name, edns=edns)
    response = dns.message.from_wire(answer(asked, resolve) or b"")
    assert dns.message.from_wire(asked).is_response(response)
    (record,) = response.answer
    assert [one.address for one in record] == [ADDRESS]
    assert (record.name.to_text(omit_final_dot=True), record.ttl) == (name, lifetime(name))
    assert response.flags & dns.flags.RA
    assert response.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("kind", ["AAAA", "TXT", "MX", "NS", "ANY"])
def test_there_is_no_record_of_another_type(kind: str) -> None:
    response = dns.message.from_wire(answer(query("shop.example", kind), resolve) or b"")
    assert response.answer == []
    assert response.rcode() == dns.rcode.NOERROR


def test_the_short_way_and_the_long_one_say_the_same() -> None:
    rng = random.Random(1)
    for _ in range(200):
        labels = ["".join(rng.choices("abcxyz0-_", k=rng.randint(1, 20))) for _ in range(4)]
        asked = query(".".join(labels[: rng.randint(1, 4)]))
        short, long = answer(asked, resolve), _answer_any(asked, resolve)
        assert dns.message.from_wire(short or b"") == dns.message.from_wire(long or b"")
        assert (short or b"")[:4] == (long or b"")[:4]


BARE = bytes.fromhex("abcd 0100 0001 0000 0000 0000")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1",
        BARE,
        BARE + bytes.fromhex("00010001"),
        BARE + b"\x3fshort" + bytes.fromhex("00 00010001"),
        BARE + b"\xc0\x0c" + bytes.fromhex("00010001"),
        BARE + b"\x04shop\x00" + b"more" + bytes.fromhex("00010001"),
    ],
)
def test_what_is_no_query_gets_no_answer(data: bytes) -> None:
    assert answer(data, resolve) is None
