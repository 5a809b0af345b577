"""The policy against what was seen: each request is counted once, where it belongs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from tests.unit.fakes import (
    ADA,
    BOB,
    CAROL,
    HANDSET,
    HEADER,
    SITES,
    outcome_of,
    policy_of,
    receipt_of,
)

from headgate.detector import Scanner
from headgate.disclosure import CABLE, COMPARISON, FILES, LEAK, RESIDUE, STORE, Disclosure
from headgate.flow import TCP, Flow
from headgate.judge import Judge
from headgate.record import Cell, Family, below
from headgate.request import EXPLICIT, TRANSPARENT, Outcome, Request
from headgate.tally import Tally

POLICY = policy_of(*SITES)
JUDGE = Judge(POLICY, Scanner([ADA, BOB, CAROL]))
MODES = (EXPLICIT, TRANSPARENT)
_COUNT = itertools.count()


def visit(host: str, path: str = "/", family: str = "family") -> Request:
    token = f"token{next(_COUNT):07}"
    raw = f"GET http://{host}{path}?id={token} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    return Request(token, family, HANDSET, EXPLICIT, host, raw.encode())


def received(request: Request, number: str = "", site: str = "") -> Outcome:
    line = f"{HEADER}: {number}\r\n" if number else ""
    data = f"GET / HTTP/1.1\r\nHost: {request.host}\r\n{line}\r\n".encode()
    return outcome_of(receipt_of(data, site=site or request.host), request=request)


def tally(*outcomes: Outcome) -> Tally:
    counted = Tally(POLICY, JUDGE)
    wrong = [one for outcome in outcomes for one in JUDGE.outcome(outcome)]
    counted.add(outcomes, [], wrong)
    return counted


def filled(counted: Tally) -> dict[tuple[str, str, str], dict[str, int]]:
    """The cells that were tried, with the counts that are not zero."""
    return {
        (one.group, one.mode, one.state): {
            name: count for name, count in vars(one).items() if isinstance(count, int) and count
        }
        for one in counted.matrix(MODES).cells
        if one.requests
    }


def test_a_permitted_site_that_gets_the_number_is_counted_so() -> None:
    assert filled(tally(received(visit("premium.example"), ADA.msisdn))) == {
        ("premium", EXPLICIT, "agreed"): {"number": 1}
    }


def test_a_permitted_site_that_gets_none_misses_it() -> None:
    assert filled(tally(received(visit("premium.example")))) == {
        ("premium", EXPLICIT, "agreed"): {"missing": 1}
    }


def test_an_ordinary_site_that_gets_the_number_gets_what_it_should_not() -> None:
    leaked = received(visit("shop.example"), ADA.msisdn)
    assert filled(tally(leaked, received(visit("shop.example")))) == {
        ("ordinary sites", EXPLICIT, "agreed"): {"wrong": 1, "nothing": 1}
    }


def test_a_place_beside_a_permitted_one_is_a_group_of_its_own() -> None:
    assert filled(tally(received(visit("moments.example", "/")))) == {
        ("places beside the permitted ones", EXPLICIT, "agreed"): {"nothing": 1}
    }


def test_look_alikes_are_a_group_of_their_own() -> None:
    assert filled(tally(received(visit("premium.example.net", family="lookalike")))) == {
        ("look-alikes", EXPLICIT, "agreed"): {"nothing": 1}
    }


@pytest.mark.parametrize(
    ("subscriber", "known", "state"),
    [
        (ADA, True, "agreed"),
        (CAROL, True, "not agreed"),
        (None, True, "nobody"),
        (ADA, False, "unknown"),
    ],
)
def test_each_state_of_a_subscriber_has_its_column(
    subscriber: object, known: bool, state: str
) -> None:
    request = visit("shop.example")
    data = receipt_of(b"GET / HTTP/1.1\r\n\r\n", site="shop.example")
    outcome = Outcome(request, subscriber, known, b"", None, [data])  # type: ignore[arg-type]
    assert [*filled(tally(outcome))] == [("ordinary sites", EXPLICIT, state)]


def test_a_refusal_is_no_receipt() -> None:
    refused = outcome_of(request=visit("shop.example"), response=b"HTTP/1.1 403 No\r\n\r\n")
    assert filled(tally(refused)) == {("ordinary sites", EXPLICIT, "agreed"): {"refused": 1}}


def test_a_request_of_which_nothing_is_known_is_unproved() -> None:
    lost = outcome_of(request=visit("shop.example"), response=None, error="timeout")
    assert filled(tally(lost)) == {("ordinary sites", EXPLICIT, "agreed"): {"unproved": 1}}


def test_what_arrives_late_is_not_counted_again() -> None:
    request = visit("shop.example")
    late = outcome_of(*received(request).receipts, request=request, response=None, error="late")
    assert filled(tally(received(request), late)) == {
        ("ordinary sites", EXPLICIT, "agreed"): {"nothing": 1}
    }


def test_a_number_at_another_host_than_the_one_asked_for_stands_beside_the_matrix() -> None:
    counted = tally(received(visit("shop.example"), ADA.msisdn, site="tracker.example"))
    assert filled(counted) == {("ordinary sites", EXPLICIT, "agreed"): {"nothing": 1}}
    assert [(one.place, one.count) for one in counted.matrix(MODES).elsewhere] == [
        ("another host than the one that the request was sent to", 1)
    ]


@pytest.mark.parametrize(
    ("site", "kind", "witness", "place"),
    [
        ("/var/log/access", RESIDUE, FILES, "the gateway's logs and files"),
        (STORE, LEAK, CABLE, "the session store"),
        ("mail.example:25", LEAK, CABLE, "the cable to the outside"),
    ],
)
def test_what_no_site_was_sent_stands_beside_the_matrix(
    site: str, kind: str, witness: str, place: str
) -> None:
    counted = tally()
    counted.beside([Disclosure(kind, site, "", ADA, "digits", "x", "", "", witness)])
    assert [one.place for one in counted.matrix(MODES).elsewhere] == [place]


def test_what_a_comparison_finds_later_is_taken_from_what_seemed_to_be_nothing() -> None:
    shop = visit("shop.example")
    counted = tally(received(shop), received(shop))
    one = Disclosure(LEAK, "shop.example", "", ADA, "", "header x", shop.id, "", COMPARISON)
    counted.depend([(shop, one)])
    assert filled(counted) == {("ordinary sites", EXPLICIT, "agreed"): {"nothing": 1, "wrong": 1}}


def due(cells: Sequence[Cell]) -> set[tuple[str, str]]:
    return {(one.group, one.state) for one in cells if one.due == "number"}


def test_the_number_is_due_to_permitted_sites_from_those_who_have_agreed() -> None:
    permitted = {"premium", "adult", "partner"}
    assert due(tally().matrix(MODES).cells) == {(one, "agreed") for one in permitted}
    free = policy_of(*SITES, consent_required=False)
    assert due(Tally(free, JUDGE).matrix(MODES).cells) == {
        (one, state) for one in permitted for state in ("agreed", "not agreed")
    }


def families(counted: Tally) -> tuple[Family, ...]:
    return counted.families({"family": ("Handsets visit.", 1)})


def test_a_family_has_its_counts_and_its_bounds() -> None:
    shop, premium = visit("shop.example"), visit("premium.example")
    sound = [received(shop)] * 300 + [received(premium, ADA.msisdn)] * 100
    (one,) = families(tally(*sound))
    assert one == Family("family", "Handsets visit.", 1, 400, 300, 0, 100, 0)
    assert (one.leak_below, one.missing_below) == (0.01, 0.03)


def test_what_was_seen_has_no_bound() -> None:
    leaky = [received(visit("shop.example"), ADA.msisdn), received(visit("premium.example"))]
    (one,) = families(tally(*leaky))
    assert (one.leaks, one.missing) == (1, 1)
    assert (one.leak_below, one.missing_below) == (None, None)


def test_no_bound_is_more_than_certainty() -> None:
    assert (below(2, 0), below(0, 0), below(300, 1)) == (1.0, None, None)


def test_requests_of_findings_are_shown_without_numbers() -> None:
    forged = visit("shop.example", f"/{BOB.msisdn}")
    counted = tally(received(forged, ADA.msisdn))
    (sent,) = counted.sent([forged.id, forged.id, "another"])
    assert sent.raw.startswith(f"GET http://shop.example/447700900***?id={forged.token} HTTP/1.1\n")


def test_the_traffic_says_what_flowed_where() -> None:
    counted = tally(
        received(visit("premium.example"), ADA.msisdn),
        received(visit("shop.example")),
        outcome_of(request=visit("mall.example")),
    )
    counted.crossed([Flow(TCP, "a", "b", 6379, b"", store=True), Flow(TCP, "a", "c", 80, b"")])
    flowed = counted.traffic()
    assert (flowed.handsets, flowed.modes) == (1, {EXPLICIT: 3})
    assert (flowed.permitted, flowed.permitted_sites) == (1, 1)
    assert (flowed.ordinary, flowed.ordinary_sites) == (1, 1)
    assert (flowed.refused, flowed.store) == (1, 1)


def test_what_was_wrong_already_is_not_counted_again_for_what_a_comparison_finds() -> None:
    shop = visit("shop.example")
    counted = tally(received(shop, ADA.msisdn))
    one = Disclosure(LEAK, "shop.example", "", ADA, "", "header x", shop.id, "", COMPARISON)
    counted.depend([(shop, one)])
    assert filled(counted) == {("ordinary sites", EXPLICIT, "agreed"): {"wrong": 1}}
    assert families(counted)[0].leaks == 1
