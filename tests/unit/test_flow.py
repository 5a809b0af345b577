"""What crossed the cable is judged, and held against what the sites received."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.fakes import ADA, BOB, SITES, policy_of
from tests.unit.test_resp import command

from headgate.detector import Scanner
from headgate.disclosure import LEAK, Disclosure
from headgate.flow import TCP, UDP, Crossing, Flow
from headgate.judge import Judge

SHOP = Flow(TCP, "198.18.0.1", "93.184.1.7", 4444, b"visit 447700900123\n", "shop.example")
STORE = replace(SHOP, port=6379, site="93.184.1.7", store=True)
QUERY = replace(SHOP, protocol=UDP, port=53, site="198.18.0.2")


def judged(flow: Flow, *written: bytes) -> list[Disclosure]:
    judge = Judge(policy_of(*SITES), Scanner([ADA, BOB]))
    return list(judge.flow(flow, lambda data: any(data in one for one in written)))


@pytest.mark.parametrize(
    ("flow", "site", "where"),
    [
        (SHOP, "shop.example:4444", "TCP stream to port 4444"),
        (replace(SHOP, port=80), "shop.example", "TCP stream to port 80"),
        (replace(SHOP, protocol=UDP, port=514), "shop.example:514", "UDP datagram to port 514"),
        (QUERY, "the name resolver", "UDP datagram to port 53"),
        (replace(SHOP, protocol="ICMP", port=0), "shop.example", "ICMP packet"),
        (replace(STORE, data=command(b"SET", b"last", b"447700900123")),
         "the session store", "TCP stream to port 6379"),
        (replace(SHOP, port=443, received=5), "shop.example:443", "TCP stream to port 443"),
        (replace(SHOP, site="premium.example"), "premium.example:4444", "TCP stream to port 4444"),
        (replace(SHOP, site="premium.example", port=80, protocol=UDP),
         "premium.example", "UDP datagram to port 80"),
    ],
)  # fmt: skip
def test_a_number_that_crossed_to_whoever_is_not_permitted_is_a_leak(
    flow: Flow, site: str, where: str
) -> None:
    (found,) = judged(flow)
    assert (found.kind, found.site, found.where) == (LEAK, site, where)
    assert (found.subscriber, found.address) == (ADA, "93.184.1.7")
    assert "447700900123" not in found.sample


@pytest.mark.parametrize(
    "flow",
    [
        pytest.param(replace(SHOP, data=b"visit 42\n"), id="nothing of anybody"),
        pytest.param(
            replace(SHOP, site="premium.example", port=80, received=9), id="judged by its receipt"
        ),
        pytest.param(
            replace(STORE, data=command(b"HGET", b"consent:447700900123", b"x")), id="asking"
        ),
    ],
)
def test_what_may_cross_is_no_leak(flow: Flow) -> None:
    assert judged(flow) == []


def test_what_a_handset_wrote_is_no_leak() -> None:
    assert judged(SHOP, b"GET /?n=447700900123 HTTP/1.1\r\n\r\n") == []


def test_writing_between_two_questions_is_a_leak() -> None:
    asking = command(b"GET", b"consent:447700900456")
    writing = command(b"INCR", b"visits:447700900123")
    (found,) = judged(replace(STORE, data=asking + writing + asking))
    assert found.subscriber == ADA


def test_asking_elsewhere_is_a_leak() -> None:
    asking = command(b"GET", b"447700900123")
    assert judged(replace(SHOP, data=asking))


PLACE = "(the first: to port 4444 of shop.example)"
UNSEEN = (
    "1 sites received what was not seen to cross the cable (the first: port 80 of shop.example)"
)


@pytest.mark.parametrize(
    ("crossing", "doubt"),
    [
        (Crossing(), ""),
        (Crossing([replace(SHOP, received=3), STORE, QUERY]), ""),
        (Crossing(broken="the cable was not recorded"), "the cable was not recorded"),
        (Crossing([STORE, SHOP]), f"1 connections crossed the cable without a receipt {PLACE}"),
        (Crossing(unseen=[("shop.example", 80)]), UNSEEN),
        (Crossing(unasked=2), "sent 2 packets to handsets that had asked for nothing"),
        (Crossing([SHOP], broken="more crossed the cable than can be searched (128 MiB)"),
         "more crossed the cable than can be searched (128 MiB)"),
    ],
)  # fmt: skip
def test_witnesses_that_disagree_are_doubted(crossing: Crossing, doubt: str) -> None:
    assert crossing.doubt == doubt


@pytest.mark.parametrize(
    ("host", "port", "serves"),
    [
        ("premium.example", 80, True),
        ("premium.example", 443, False),
        ("a.adult.example", 80, True),
        ("moments.example", 80, True),
        ("shop.example", 80, False),
    ],
)
def test_a_place_serves_where_some_request_may_carry_a_number(
    host: str, port: int, serves: bool
) -> None:
    assert policy_of(*SITES).serves(host, port) is serves


def test_who_refuses_a_certificate_has_kept_to_itself_what_it_would_have_said() -> None:
    crossing = Crossing(sealed=[("a.example", 443, b"a handset's"), ("b.example", 8443, b"own")])
    assert crossing.sealed_by(lambda hello: hello == b"a handset's") == (
        "refused the certificate of port 8443 of b.example: what it would have said to it is "
        "not known"
    )
    assert crossing.sealed_by(lambda _: True) == ""
    assert crossing.doubt == ""
