"""What arrived is held against the policy: every kind of finding where it is really there, and
silence where it only looks so. Receipts are literal bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.fakes import ADA, BOB, CAROL, SITES, outcome_of, policy_of, receipt_of, request_of

from headgate.answer import Answer
from headgate.detector import Scanner
from headgate.disclosure import RULES, Disclosure
from headgate.judge import Judge
from headgate.numbers import Subscriber
from headgate.policy import Policy, Site
from headgate.request import TRANSPARENT, Outcome, Receipt, Request

SCANNER = Scanner([ADA, BOB, CAROL])
POLICY = policy_of(*SITES)
NUMBER = b"447700900123"
STRANGER = b"447700900999"
HEADER = "header x-up-calling-line-id"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
TOO_MUCH = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"


def asking(
    url: str,
    *fields: bytes,
    method: str = "GET",
    body: bytes = b"",
    binding: bool = True,
    forged: Sequence[bytes] = (),
) -> Request:
    """A request in absolute form, as a handset sends it to the proxy."""
    host = url.partition("//")[2].partition("/")[0]
    lines = [f"{method} {url} HTTP/1.1".encode(), f"Host: {host}".encode(), *fields]
    raw = b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
    return request_of(raw, host=host.partition(":")[0], binding=binding, forged=forged)


PREMIUM = asking("http://premium.example/account?id=token0000000")
SHOP = asking("http://shop.example/basket?id=token0000000")


def at(
    site: str,
    *fields: bytes,
    line: bytes = b"GET /account?id=token0000000 HTTP/1.1",
    body: bytes = b"",
    kind: str = "http",
    port: int = 80,
) -> Receipt:
    """What arrived at a site, in origin form."""
    lines = [line, b"Host: " + site.encode(), *fields]
    raw = b"".join(one + b"\r\n" for one in lines) + b"\r\n" + body
    return receipt_of(raw, site=site, kind=kind, port=port)


def premium(*fields: bytes, body: bytes = b"", line: bytes | None = None) -> Receipt:
    first = line or b"GET /account?id=token0000000 HTTP/1.1"
    return at("premium.example", *fields, body=body, line=first)


def shop(*fields: bytes, body: bytes = b"", line: bytes | None = None) -> Receipt:
    first = line or b"GET /basket?id=token0000000 HTTP/1.1"
    return at("shop.example", *fields, body=body, line=first)


def line(number: bytes = NUMBER, name: bytes = b"x-up-calling-line-id") -> bytes:
    return name + b": " + number


def disclosures(outcome: Outcome, policy: Policy = POLICY) -> list[Disclosure]:
    found = list(Judge(policy, SCANNER).outcome(outcome))
    for one in found:
        shown = f"{one} {one.sample}"
        assert not any(who.msisdn in shown or who.imsi in shown for who in (ADA, BOB, CAROL))
    return found


def found(outcome: Outcome, policy: Policy = POLICY) -> list[tuple[str, str]]:
    return [(one.kind, one.where) for one in disclosures(outcome, policy)]


def kinds(outcome: Outcome, policy: Policy = POLICY) -> list[str]:
    return [one.kind for one in disclosures(outcome, policy)]


# Rule 1: a permitted site gets the number, once, in the policy's form


@pytest.mark.parametrize(
    "fields",
    [
        [line()],
        [line(name=b"X-UP-Calling-Line-ID")],
        [b"x-up-calling-line-id:" + NUMBER],
        [b"x-up-calling-line-id: \t" + NUMBER + b" "],
        [b"Accept: */*", line(), b"Connection: close"],
    ],
)
def test_the_number_where_the_policy_wants_it_is_right(fields: list[bytes]) -> None:
    outcome = outcome_of(premium(*fields), request=PREMIUM)
    assert found(outcome) == []
    assert Judge(POLICY, SCANNER).disclosed_rightly(outcome)


def test_a_request_that_arrives_twice_may_carry_the_number_each_time() -> None:
    outcome = outcome_of(premium(line()), premium(line()), request=PREMIUM)
    assert found(outcome) == []


def test_a_site_may_get_the_number_on_the_paths_and_ports_that_the_policy_names() -> None:
    policy = policy_of(Site("moments.example", "partner", ("/offers/",), (80, 8080)))
    request = asking("http://moments.example:8080/offers/a")
    receipt = at("moments.example", line(), line=b"GET /offers/a HTTP/1.1", port=8080)
    outcome = outcome_of(receipt, request=request)
    assert found(outcome, policy) == []
    assert Judge(policy, SCANNER).disclosed_rightly(outcome)


def test_everyones_number_may_go_where_no_consent_is_required() -> None:
    policy = policy_of(*SITES, consent_required=False)
    receipt = premium(line(b"447700900789"))
    assert found(outcome_of(receipt, request=PREMIUM, subscriber=CAROL), policy) == []


HALVES = [b"X-Area: 447700", b"X-Line: 900123"]


@pytest.mark.parametrize(
    ("receipt", "request_", "subscriber", "kind"),
    [
        (shop(*HALVES), SHOP, ADA, "leak"),
        (premium(line(), *HALVES), PREMIUM, ADA, "excess"),
        (premium(line(b"447700900456"), *HALVES), PREMIUM, BOB, "misattribution"),
        (premium(*HALVES), PREMIUM, replace(ADA, consent=False), "no-consent"),
        (premium(*HALVES), PREMIUM, None, "fail-open"),
    ],
)
def test_a_number_in_two_lines_is_one_number(
    receipt: Receipt, request_: Request, subscriber: Subscriber | None, kind: str
) -> None:
    outcome = outcome_of(receipt, request=request_, subscriber=subscriber)
    (one,) = [one for one in disclosures(outcome) if one.kind != "missing"]
    assert (one.kind, one.where) == (kind, "headers x-area and x-line")
    assert one.form == "digits, international, in two values"


def test_two_lines_that_the_handset_wrote_itself_are_its_own() -> None:
    asked = asking("http://shop.example/basket?id=token0000000", *HALVES)
    assert found(outcome_of(shop(*HALVES), request=asked)) == []


EXCESS = {
    "a second line of the header": ([line(), line()], [("excess", HEADER)] * 2),
    "a twin with underscores": (
        [line(), line(name=b"x_up_calling_line_id")],
        [("excess", HEADER), ("excess", "header x_up_calling_line_id")],
    ),
    "a second header": (
        [line(), b"X-Copy: " + NUMBER],
        [("excess", "header x-copy")],
    ),
    "a cookie": ([line(), b"Cookie: a=1; n=" + NUMBER], [("excess", "cookie")]),
    "another form beside it": (
        [line(), b"X-Hash: " + hashlib.md5(NUMBER).hexdigest().encode()],
        [("excess", "header x-hash")],
    ),
    "the IMSI beside it": ([line(), b"X-IMSI: 001010123456789"], [("excess", "header x-imsi")]),
    "a default beside it": (
        [line(), line(b"unknown")],
        [("excess", HEADER)],
    ),
    "a stranger's number beside it": ([line(STRANGER), line()], [("excess", HEADER)]),
    "a plus that the policy lacks": (
        [line(b"+" + NUMBER)],
        [("excess", HEADER), ("missing", HEADER)],
    ),
    "more than the number": (
        [line(NUMBER + b";v=1")],
        [("excess", HEADER), ("missing", HEADER)],
    ),
    "the number twice in one line": (
        [line(NUMBER + b", " + NUMBER)],
        [("excess", HEADER), ("excess", HEADER), ("missing", HEADER)],
    ),
    "the number under another name": (
        [b"X-MSISDN: " + NUMBER],
        [("excess", "header x-msisdn"), ("missing", HEADER)],
    ),
    "a header's name that holds it": (
        [line(), b"X-" + NUMBER + b": 1"],
        [("excess", "header name x-447700900***")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    EXCESS.values(),
    ids=EXCESS,
)
def test_anything_more_than_the_number_once_is_excess(
    fields: list[bytes], expected: list[tuple[str, str]]
) -> None:
    assert found(outcome_of(premium(*fields), request=PREMIUM)) == expected


@pytest.mark.parametrize(
    ("receipt", "where"),
    [
        (premium(line(), body=b"n=" + NUMBER), "body"),
        (premium(line(), line=b"GET /447700900123 HTTP/1.1"), "request line"),
        (premium(line(), line=b"GET /account?n=447700900123 HTTP/1.1"), "query"),
        (premium(line(), body=gzip.compress(NUMBER)), "body"),
    ],
)
def test_the_number_in_another_place_of_a_permitted_request_is_excess(
    receipt: Receipt, where: str
) -> None:
    assert found(outcome_of(receipt, request=PREMIUM)) == [("excess", where)]


@pytest.mark.parametrize(
    ("value", "field"),
    [("+{msisdn}", b"+447700900123"), ("msisdn={msisdn};v=1", b"msisdn=447700900123;v=1")],
)
def test_the_policys_form_is_the_only_right_one(value: str, field: bytes) -> None:
    policy = policy_of(*SITES, value=value)
    assert found(outcome_of(premium(line(field)), request=PREMIUM), policy) == []
    bare = outcome_of(premium(line()), request=PREMIUM)
    assert found(bare, policy) == [("excess", HEADER), ("missing", HEADER)]


def test_another_subscribers_number_at_a_permitted_site_is_misattribution() -> None:
    outcome = outcome_of(premium(line(b"447700900456")), request=PREMIUM)
    wrong, missing = disclosures(outcome)
    assert (wrong.kind, wrong.subscriber, wrong.where) == ("misattribution", BOB, HEADER)
    assert (missing.kind, missing.subscriber) == ("missing", ADA)


def test_another_subscribers_number_beside_the_own_is_misattribution() -> None:
    outcome = outcome_of(premium(line(), b"X-Last: 447700900456"), request=PREMIUM)
    assert found(outcome) == [("misattribution", "header x-last")]


def test_a_subscriber_who_took_the_address_over_is_not_the_one_before() -> None:
    outcome = outcome_of(premium(line()), request=PREMIUM, subscriber=BOB)
    assert kinds(outcome) == ["misattribution", "missing"]


def test_the_number_of_someone_who_has_not_agreed_is_no_consent() -> None:
    receipt = premium(line(b"447700900789"))
    outcome = outcome_of(receipt, request=PREMIUM, subscriber=CAROL)
    assert found(outcome) == [("no-consent", HEADER)]
    assert not Judge(POLICY, SCANNER).disclosed_rightly(outcome)


def test_someone_who_has_not_agreed_is_not_missed() -> None:
    assert found(outcome_of(premium(), request=PREMIUM, subscriber=CAROL)) == []


# What is missing


@pytest.mark.parametrize(
    "receipt",
    [
        premium(),
        premium(b"x-up-calling-line-id:"),
        premium(line(b"unknown")),
        premium(line(b"447700000000")),
        premium(b"X: 1"),
    ],
)
def test_a_permitted_site_without_the_number_misses_it(receipt: Receipt) -> None:
    outcome = outcome_of(receipt, request=PREMIUM)
    assert found(outcome) == [("missing", HEADER)]
    assert not Judge(POLICY, SCANNER).disclosed_rightly(outcome)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_every_ordinary_method_is_missed(method: str) -> None:
    request = asking("http://premium.example/account", method=method)
    assert kinds(outcome_of(premium(), request=request)) == ["missing"]


@pytest.mark.parametrize("status", [b"403", b"404", b"429", b"500", b"502", b"503", b"504"])
def test_a_permitted_request_that_stays_refused_is_missing(status: bytes) -> None:
    response = b"HTTP/1.1 " + status + b" No\r\nContent-Length: 0\r\n\r\n"
    (missing,) = disclosures(outcome_of(request=PREMIUM, response=response))
    assert (missing.kind, missing.where) == ("missing", "no request arrived")
    assert missing.sample == f"status {status.decode()}"
    assert (missing.site, missing.request) == ("premium.example", "family/token0000000")


def test_a_permitted_request_whose_connection_is_closed_is_missing() -> None:
    (missing,) = disclosures(outcome_of(request=PREMIUM, response=None, error="closed"))
    assert (missing.where, missing.sample) == ("no request arrived", "closed")


def _answered(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b" No\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("status", [b"200", b"302", b"403", b"404", b"429", b"503"])
def test_what_the_gateway_may_answer_itself_is_not_missing(status: bytes) -> None:
    may = replace(PREMIUM, refusable=True)
    assert found(outcome_of(request=may, response=_answered(status))) == []
    assert found(outcome_of(request=may, response=None, error="closed")) == []


def test_but_a_failure_is_and_so_is_a_number_that_stayed_behind() -> None:
    may = replace(PREMIUM, refusable=True)
    assert kinds(outcome_of(request=may, response=_answered(b"500"))) == ["missing"]
    assert kinds(outcome_of(premium(), request=may)) == ["missing"]


def test_a_permitted_request_that_gets_no_answer_is_unproved_not_missing() -> None:
    outcome = outcome_of(request=PREMIUM, response=None, error="timeout")
    assert found(outcome) == []
    assert Judge(POLICY, SCANNER).unproved(outcome)


def test_a_request_that_arrived_without_the_number_is_missing_though_no_answer_came() -> None:
    outcome = outcome_of(premium(), request=PREMIUM, response=None, error="timeout")
    assert found(outcome) == [("missing", HEADER)]


@pytest.mark.parametrize(
    "outcome",
    [
        outcome_of(premium(), request=asking("http://premium.example/", binding=False)),
        outcome_of(premium(), request=PREMIUM, response=None, error="late"),
        outcome_of(premium(), request=PREMIUM, subscriber=None),
        outcome_of(premium(), request=PREMIUM, known=False),
        outcome_of(shop(), request=SHOP),
        outcome_of(request=asking("http://premium.example:8080/"), response=TOO_MUCH),
        outcome_of(request=asking("http://moments.example/account"), response=TOO_MUCH),
        outcome_of(request=asking("http://moments.example/offers//../x"), response=TOO_MUCH),
    ],
    ids=["odd", "late", "nobody", "trouble", "shop", "other port", "other path", "either path"],
)
def test_nothing_is_missing_where_nothing_is_owed(outcome: Outcome) -> None:
    assert found(outcome) == []
    assert not Judge(POLICY, SCANNER).disclosed_rightly(outcome)


def test_a_permitted_site_asked_again_for_another_page_may_not_know_the_number_there() -> None:
    asked = asking("http://moments.example/offers/a")
    led = at("moments.example", line(), line=b"GET /private?id=token0000000 HTTP/1.1")
    assert found(outcome_of(led, request=asked)) == [("leak", HEADER), ("missing", HEADER)]


def test_a_number_that_went_to_another_site_is_missing_where_it_belongs() -> None:
    outcome = outcome_of(shop(line()), request=PREMIUM)
    assert found(outcome) == [("leak", HEADER), ("missing", HEADER)]
    assert not Judge(POLICY, SCANNER).disclosed_rightly(outcome)


# Where either outcome is right


EITHER = asking("http://moments.example/offers//../offers/a", binding=True)


def moments(*fields: bytes) -> Receipt:
    return at("moments.example", *fields, line=b"GET /offers/a HTTP/1.1")


@pytest.mark.parametrize("path", ["/offers//../x", "/offers/a%00", "/offers/a#b"])
@pytest.mark.parametrize("fields", [[], [line()]])
def test_where_readings_differ_either_outcome_is_right(path: str, fields: list[bytes]) -> None:
    request = asking(f"http://moments.example{path}")
    assert found(outcome_of(moments(*fields), request=request)) == []


def test_where_readings_differ_the_other_rules_bind() -> None:
    request = asking("http://moments.example/offers//../x")
    twice = outcome_of(moments(line(), line()), request=request)
    assert kinds(twice) == ["excess", "excess"]
    others = outcome_of(moments(line()), request=request, subscriber=BOB)
    assert kinds(others) == ["misattribution"]
    refused = outcome_of(moments(line(b"447700900789")), request=request, subscriber=CAROL)
    assert kinds(refused) == ["no-consent"]
    nobody = outcome_of(moments(line()), request=request, subscriber=None)
    assert kinds(nobody) == ["fail-open"]


def test_the_path_that_counts_is_the_one_that_the_handset_sent() -> None:
    request = asking("http://moments.example/account")
    assert found(outcome_of(moments(line()), request=request)) == [("leak", HEADER)]


# Rule 2: no one else


FORMS = {
    "digits": b"447700900123",
    "with plus": b"+447700900123",
    "national": b"07700900123",
    "separated": b"+44 7700 900 123",
    "URL-encoded": b"%2B447700900123",
    "base64": base64.b64encode(NUMBER),
    "hex": NUMBER.hex().encode(),
    "MD5": hashlib.md5(NUMBER).hexdigest().encode(),
    "SHA-256": hashlib.sha256(NUMBER).hexdigest().encode(),
    "TBCD": b"447700091032",
    "IMSI": b"001010123456789",
}


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS)
def test_a_number_in_any_form_at_an_ordinary_site_is_a_leak(written: bytes) -> None:
    (leak,) = disclosures(outcome_of(shop(b"X-Id: " + written), request=SHOP))
    assert (leak.kind, leak.rule, leak.site, leak.subscriber) == ("leak", 2, "shop.example", ADA)
    assert leak.where == "header x-id"
    assert leak.form


@pytest.mark.parametrize(
    ("receipt", "where"),
    [
        (shop(line()), HEADER),
        (shop(b"Cookie: n=" + NUMBER), "cookie"),
        (shop(line=b"GET /447700900123/x HTTP/1.1"), "request line"),
        (shop(line=b"GET /x?n=447700900123 HTTP/1.1"), "query"),
        (shop(body=b"n=447700900123"), "body"),
        (at("shop.example", body=b"1\r\n4\r\nb\r\n47700900123\r\n0\r\n\r\n"), "body"),
        (receipt_of(b"447700900123", site="shop.example"), "request line"),
    ],
)
def test_a_number_in_any_place_at_an_ordinary_site_is_a_leak(receipt: Receipt, where: str) -> None:
    if b"\r\n47700900123\r\n" in receipt.data:  # a body in chunks is one only where it says so
        chunked = receipt.data.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n", 1)
        receipt = receipt_of(chunked, site="shop.example")
    assert found(outcome_of(receipt, request=SHOP)) == [("leak", where)]


@pytest.mark.parametrize(
    ("receipt", "site"),
    [
        (at("premium.example", line(), port=8080), "premium.example:8080"),
        (at("premium.example", line(), port=443, kind="https"), "premium.example:443"),
        (at("adult.example", line()), "adult.example"),
        (at("premium.example.evil.test", line()), "premium.example.evil.test"),
        (at("198.51.100.7", line()), "198.51.100.7"),
    ],
)
def test_what_the_policy_does_not_name_is_not_permitted(receipt: Receipt, site: str) -> None:
    leak, *_ = disclosures(outcome_of(receipt, request=PREMIUM))
    assert (leak.kind, leak.site) == ("leak", site)


@pytest.mark.parametrize(
    ("kind", "data", "where", "site"),
    [
        (
            "dns",
            b"\0\1\1\0\0\1\0\0\0\0\0\0\x0c447700900123\4test\0\0\1\0\1",
            "host name in a query",
            "the name resolver",
        ),
        ("udp", b"<134>gateway: 447700900123 GET", "datagram", "premium.example:514"),
        ("hello", b"\x16\3\1\0\x2f447700900123.test", "TLS ClientHello", "premium.example:443"),
    ],
)
def test_a_number_outside_http_is_a_leak_whoever_it_went_to(
    kind: str, data: bytes, where: str, site: str
) -> None:
    port = {"dns": 53, "udp": 514, "hello": 443}[kind]
    (leak,) = Judge(POLICY, SCANNER).strays([receipt_of(data, kind=kind, port=port)])
    assert (leak.kind, leak.where, leak.site) == ("leak", where, site)
    outcome = outcome_of(receipt_of(data, kind=kind, port=port), request=SHOP)
    assert found(outcome) == [("leak", where)]


def test_a_number_in_a_hosts_name_is_a_leak_to_that_host_and_masked() -> None:
    receipt = at("447700900123.tracker.example")
    (leak,) = disclosures(outcome_of(receipt, request=SHOP))
    assert (leak.kind, leak.site) == ("leak", "447700900***.tracker.example")


@pytest.mark.parametrize("kind", ["udp", "hello"])
def test_a_permitted_port_permits_no_other_protocol(kind: str) -> None:
    receipt = receipt_of(b"447700900123", kind=kind, port=80)
    assert [one.kind for one in Judge(POLICY, SCANNER).strays([receipt])] == ["leak"]
    assert kinds(outcome_of(receipt, request=SHOP)) == ["leak"]


def test_what_belongs_to_no_request_may_tell_no_one_anything() -> None:
    judge = Judge(POLICY, SCANNER)
    assert [one.kind for one in judge.strays([shop(line())])] == ["leak"]
    assert [one.kind for one in judge.strays([premium(line())])] == ["excess"]
    assert list(judge.strays([shop()])) == []
    (stray,) = judge.strays([shop(b"X: " + NUMBER)])
    assert (stray.request, stray.site, stray.where) == ("", "shop.example", "header x")


def test_each_number_of_several_is_told() -> None:
    receipt = shop(b"X-All: 447700900123,447700900456;447700900789")
    leaks = disclosures(outcome_of(receipt, request=SHOP))
    assert [leak.subscriber for leak in leaks] == [ADA, BOB, CAROL]


@pytest.mark.parametrize(
    "receipt",
    [
        shop(),
        shop(b"X-Id: 447700900999"),
        shop(b"X-Id: 44770090012"),
        shop(b"X-Forwarded-For: 100.64.128.1"),
        shop(b"x-up-calling-line-id:"),
        shop(b"X-Request-Id: 5eb63bbbe01eeed093cb22bb8f5acdc3"),
        shop(b"X-Time: 1795463123"),
    ],
)
def test_what_only_looks_like_a_number_is_none(receipt: Receipt) -> None:
    assert found(outcome_of(receipt, request=SHOP)) == []


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (asking("http://shop.example/?n=447700900123"), shop(line=b"GET /?n=447700900123 H")),
        (asking("http://shop.example/", b"X-Me: +447700900123"), shop(b"x-me: +447700900123")),
        (asking("http://shop.example/", method="POST", body=NUMBER), shop(body=NUMBER)),
        (asking("http://shop.example/", b"Cookie: n=447700900456"), shop(b"A: 447700900456")),
    ],
)
def test_the_handsets_own_words_may_come_out_again(sent: Request, got: Receipt) -> None:
    assert found(outcome_of(got, request=sent)) == []


@pytest.mark.parametrize("hidden", [True, False])
def test_what_a_handset_hid_in_a_body_is_its_own_words(hidden: bool) -> None:
    """A made-up number may be that of somebody who comes later."""
    inner = b"GET / HTTP/1.1\r\nx-up-calling-line-id: 447700900456\r\n\r\n"
    outcome = outcome_of(
        shop(b"Content-Length: %d" % len(inner), body=inner),
        request=asking("http://shop.example/", method="POST"),
    )
    outcome = replace(outcome, hidden=inner if hidden else b"")
    assert kinds(outcome) == ([] if hidden else ["leak"])


def test_another_form_of_the_handsets_words_is_the_gateways_doing() -> None:
    request = asking("http://shop.example/?n=447700900123")
    receipt = shop(b"X-Id: " + hashlib.sha1(NUMBER).hexdigest().encode())
    assert kinds(outcome_of(receipt, request=request)) == ["leak"]


# Rule 3: what a handset makes up


def forging(*fields: bytes, url: str = "http://shop.example/") -> Request:
    return asking(url, *fields, forged=[STRANGER])


@pytest.mark.parametrize(
    "name",
    [
        b"x-up-calling-line-id",
        b"X-UP-CALLING-LINE-ID",
        b"x_up_calling_line_id",
        b"X-Up_Calling-Line_ID",
    ],
)
@pytest.mark.parametrize(
    "value", [STRANGER, b"+" + STRANGER, STRANGER + b", " + STRANGER, b"\t " + STRANGER]
)
def test_a_made_up_value_under_the_policys_name_is_a_forgery(name: bytes, value: bytes) -> None:
    field = line(value, name)
    (forgery,) = disclosures(outcome_of(shop(field), request=forging(field)))
    where = f"header {name.decode().lower()}"
    assert (forgery.kind, forgery.rule, forgery.where) == ("forgery", 3, where)
    assert forgery.form == "as the handset wrote it"
    assert STRANGER.decode() not in forgery.sample


def test_a_forgery_counts_at_permitted_sites_too() -> None:
    request = forging(line(STRANGER), url="http://premium.example/")
    only = outcome_of(premium(line(STRANGER)), request=request)
    assert found(only) == [("forgery", HEADER), ("missing", HEADER)]
    beside = outcome_of(premium(line(STRANGER), line()), request=request)
    assert found(beside) == [("forgery", HEADER)]
    nobody = outcome_of(premium(line(STRANGER)), request=request, subscriber=None)
    assert found(nobody) == [("forgery", HEADER)]


@pytest.mark.parametrize("name", [b"X-Nokia-MSISDN", b"x_nokia_msisdn"])
def test_the_names_of_strip_are_taken_away_too(name: bytes) -> None:
    outcome = outcome_of(shop(line(STRANGER, name)), request=forging(line(STRANGER, name)))
    stripping = policy_of(*SITES, strip=["x-nokia-msisdn"])
    assert kinds(outcome, stripping) == ["forgery"]
    assert found(outcome) == []


@pytest.mark.parametrize(
    ("request_", "receipt"),
    [
        (forging(line(STRANGER)), shop()),
        (forging(line(STRANGER)), shop(b"x-up-calling-line-id:")),
        (forging(line(STRANGER)), shop(b"X-Other: " + STRANGER)),
        (forging(b"X-MSISDN: " + STRANGER), shop(b"X-MSISDN: " + STRANGER)),
        (
            forging(line(STRANGER), url="http://premium.example/"),
            premium(line()),
        ),
        (asking("http://premium.example/", forged=[b""]), premium(line())),
    ],
)
def test_a_made_up_value_that_is_gone_is_no_forgery(request_: Request, receipt: Receipt) -> None:
    assert found(outcome_of(receipt, request=request_)) == []


def test_a_datagram_has_no_headers_to_forge() -> None:
    receipt = receipt_of(b"a\r\n" + line(STRANGER), kind="udp", port=514)
    assert found(outcome_of(receipt, request=forging(line(STRANGER)))) == []


# Rule 4: where the gateway cannot know


@pytest.mark.parametrize(
    ("subscriber", "known"), [(None, True), (ADA, False), (None, False), (CAROL, False)]
)
@pytest.mark.parametrize("number", [NUMBER, b"447700900456", b"001010123456789"])
def test_a_number_where_the_subscriber_cannot_be_known_is_fail_open(
    subscriber: Subscriber | None, known: bool, number: bytes
) -> None:
    outcome = outcome_of(premium(line(number)), request=PREMIUM, subscriber=subscriber, known=known)
    assert found(outcome) == [("fail-open", HEADER)]


@pytest.mark.parametrize("garbage", [b"447700000000", b"44770090012345678", b"00000000"])
def test_a_number_that_is_nobodys_is_fail_open_too(garbage: bytes) -> None:
    outcome = outcome_of(premium(line(garbage)), request=PREMIUM, subscriber=None)
    assert found(outcome) == [("fail-open", HEADER)]
    refused = outcome_of(premium(line(b"447700000000")), request=PREMIUM, subscriber=CAROL)
    assert found(refused) == [("fail-open", HEADER)]


@pytest.mark.parametrize("value", [b"", b"unknown", b"userdata: NULL", b"0", b"0x1a2b3c4d5e"])
def test_a_word_in_the_place_of_the_number_is_no_number(value: bytes) -> None:
    outcome = outcome_of(premium(line(value)), request=PREMIUM, subscriber=None)
    assert found(outcome) == []


def test_at_an_ordinary_site_it_is_a_leak_whoever_was_known() -> None:
    outcome = outcome_of(shop(line()), request=SHOP, subscriber=None, known=False)
    assert found(outcome) == [("leak", HEADER)]


# The handset's side


SENT_ON = {
    "a redirect": (b"Location: http://shop.example/?n=447700900123", b""),
    "a cookie": (b"Set-Cookie: n=447700900123; Path=/", b""),
    "a refresh": (b"Refresh: 0; url=/447700900123", b""),
    "a Link header": (b"Link: </447700900123>; rel=preload", b""),
    "a link": (b"X: 1", b'<a href="/account?n=447700900123">me</a>'),
    "a picture": (b"X: 1", b"<img src=/p.gif?447700900123>"),
    "a form": (b"X: 1", b'<form action="/447700900123">'),
    "a hidden field": (b"X: 1", b'<input type=hidden name=n value="447700900123">'),
    "a style sheet": (b"X: 1", b"body{background:url(/447700900123.png)}"),
    "an address in a script": (b"X: 1", b"go('http://shop.example/?447700900123')"),
}


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["", "interim"])
@pytest.mark.parametrize(("field", "body"), SENT_ON.values(), ids=SENT_ON)
def test_the_own_number_leaks_where_the_handset_sends_it_on(
    field: bytes, body: bytes, before: bytes
) -> None:
    response = before + OK + field + b"\r\n\r\n" + body
    (leak,) = disclosures(outcome_of(shop(), request=SHOP, response=response))
    assert (leak.kind, leak.rule, leak.subscriber) == ("leak", 2, ADA)
    assert (leak.site, leak.address) == ("the handset 100.64.128.1", "100.64.128.1")
    name = field.partition(b":")[0].decode().lower()
    assert leak.where == ("response body" if body else f"response header {name}")


@pytest.mark.parametrize(
    "response",
    [
        OK + b"\r\n<p>Your number is 447700900123.</p>",
        OK + b"X-Your-Number: 447700900123\r\n\r\n",
        OK + b'\r\n{"msisdn": "447700900123"}',
        OK + b'\r\n<a href="/">home</a> 447700900123',
        OK + b"Location: /home\r\nX-N: 447700900123\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(NUMBER),
    ],
)
def test_the_own_number_may_be_told_to_its_own_handset(response: bytes) -> None:
    assert found(outcome_of(shop(), request=SHOP, response=response)) == []


@pytest.mark.parametrize("subscriber", [ADA, None])
@pytest.mark.parametrize(
    ("response", "where"),
    [
        (OK + b"\r\n<p>447700900456</p>", "response body"),
        (OK + b"X-N: 447700900456\r\n\r\n", "response header x-n"),
        (b"HTTP/1.1 200 447700900456\r\n\r\n", "response status line"),
        (b"HTTP/1.1 103 Hints\r\nLink: <447700900456>\r\n\r\n" + OK, "response header link"),
        (OK + b"\r\n" + gzip.compress(b"447700900456"), "response body"),
    ],
)
def test_anothers_number_in_an_answer_is_a_leak(
    subscriber: Subscriber | None, response: bytes, where: str
) -> None:
    outcome = outcome_of(shop(), request=SHOP, subscriber=subscriber, response=response)
    (leak,) = disclosures(outcome)
    assert (leak.kind, leak.where, leak.subscriber) == ("leak", where, BOB)


def test_an_answer_may_repeat_what_the_handset_wrote() -> None:
    request = asking("http://shop.example/?n=447700900456")
    response = OK + b"Location: /?n=447700900456\r\n\r\n447700900456"
    assert found(outcome_of(shop(), request=request, response=response)) == []


def test_an_answer_without_a_request_that_arrived_is_looked_at_too() -> None:
    response = b"HTTP/1.1 403 No\r\n\r\n447700900456"
    assert kinds(outcome_of(request=SHOP, response=response)) == ["leak"]


# Rule 5: what is left behind


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS)
def test_a_number_in_a_log_is_residue(written: bytes) -> None:
    data = b"100.64.128.1 - - GET / " + written + b"\n"
    (residue,) = Judge(POLICY, SCANNER).residue("/var/log/nginx/access.log", data)
    assert (residue.kind, residue.rule, residue.subscriber) == ("residue", 5, ADA)
    assert residue.site == residue.where == "/var/log/nginx/access.log"
    assert ADA.msisdn not in residue.sample
    assert ADA.imsi not in residue.sample


def test_a_files_name_that_is_a_number_is_masked() -> None:
    for data in (b"447700900123", b"a page", b""):
        found = list(Judge(POLICY, SCANNER).residue("/tmp/447700900123", data))
        assert len(found) == (2 if data.isdigit() else 1)
        assert {one.site for one in found} == {one.where for one in found} == {"/tmp/447700900***"}
        assert found[0].sample == "/tmp/447700900***"


def test_every_line_of_a_log_counts() -> None:
    data = b"447700900123\n447700900123\n447700900999\n447700900456\n"
    found = list(Judge(POLICY, SCANNER).residue("log", data))
    assert [one.subscriber for one in found] == [ADA, ADA, BOB]


def test_a_log_without_numbers_is_clean() -> None:
    assert list(Judge(POLICY, SCANNER).residue("log", b"100.64.128.1 GET /447700900999\n")) == []


# What is not known


@pytest.mark.parametrize("status", [b"500", b"502", b"504"])
def test_a_failure_before_an_ordinary_site_is_unproved(status: bytes) -> None:
    judge = Judge(POLICY, SCANNER)
    response = b"HTTP/1.1 " + status + b" No\r\n\r\n"
    assert judge.unproved(outcome_of(request=SHOP, response=response))
    assert not judge.unproved(outcome_of(request=SHOP, response=response, subscriber=None))
    assert not judge.unproved(outcome_of(request=PREMIUM, response=response))
    assert not judge.unproved(outcome_of(shop(), request=SHOP, response=response))


@pytest.mark.parametrize(
    ("outcome", "unproved"),
    [
        (outcome_of(request=SHOP, response=None, error="timeout"), True),
        (outcome_of(request=SHOP, response=None, error="timeout", subscriber=None), True),
        (outcome_of(request=SHOP, response=None, error="timeout", known=False), False),
        (outcome_of(shop(), request=SHOP, response=None, error="timeout"), False),
        (outcome_of(request=SHOP, response=None, error="closed"), False),
        (outcome_of(request=SHOP, response=b"HTTP/1.1 403 No\r\n\r\n"), False),
        (outcome_of(request=SHOP, response=TOO_MUCH), False),
        (
            outcome_of(
                request=asking("http://shop.example/", binding=False), response=None,
                error="timeout",
            ),
            False,
        ),
    ],
)  # fmt: skip
def test_a_request_is_unproved_when_it_is_unknown_what_became_of_it(
    outcome: Outcome, unproved: bool
) -> None:
    assert Judge(POLICY, SCANNER).unproved(outcome) is unproved


@pytest.mark.parametrize(
    "outcome",
    [
        outcome_of(request=PREMIUM, response=None, error="timeout"),
        outcome_of(shop(line()), request=SHOP),
        outcome_of(premium(line(b"+447700900123")), request=PREMIUM),
        outcome_of(premium(line()), request=PREMIUM, subscriber=None),
        outcome_of(premium(line()), request=PREMIUM, known=False),
    ],
)
def test_only_a_number_where_it_is_owed_proves_the_positive_control(outcome: Outcome) -> None:
    assert not Judge(POLICY, SCANNER).disclosed_rightly(outcome)


def test_transparent_requests_are_judged_by_the_address_they_went_to() -> None:
    raw = b"GET /account HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    request = request_of(raw, host="premium.example", mode=TRANSPARENT, binding=False)
    assert found(outcome_of(premium(line()), request=request)) == []
    assert kinds(outcome_of(shop(line()), request=request)) == ["leak"]


def test_every_kind_names_its_rule() -> None:
    assert RULES == {
        "leak": 2,
        "misattribution": 1,
        "forgery": 3,
        "missing": 1,
        "excess": 1,
        "no-consent": 1,
        "fail-open": 4,
        "residue": 5,
    }


def test_a_policy_without_sites_permits_nobody() -> None:
    assert kinds(outcome_of(premium(line()), request=PREMIUM), policy_of()) == ["leak"]
    assert kinds(outcome_of(premium(), request=PREMIUM), policy_of()) == []


# What sites and gateways do beside passing on


def test_a_made_up_value_in_a_trailer_is_a_forgery() -> None:
    body = b"1\r\nx\r\n0\r\n" + line(STRANGER) + b"\r\n\r\n"
    arrived = shop(b"Transfer-Encoding: chunked", body=body)
    (forgery,) = disclosures(outcome_of(arrived, request=forging(line(STRANGER))))
    assert (forgery.kind, forgery.where) == ("forgery", "trailer x-up-calling-line-id")


def test_a_page_out_of_a_cache_leaves_nothing_missing() -> None:
    unasked = outcome_of(request=PREMIUM, response=OK + b"\r\nhello")
    assert kinds(unasked) == ["missing"]
    assert kinds(replace(unasked, from_cache=True)) == []


def test_a_page_out_of_a_cache_with_anothers_number_is_a_leak_to_the_handset() -> None:
    page = OK + b"\r\nyou are 447700900456"
    kept = replace(outcome_of(request=PREMIUM, response=page), from_cache=True)
    (leak,) = disclosures(kept)
    assert (leak.kind, leak.subscriber) == ("leak", BOB)


def test_a_permitted_site_may_not_be_told_of_a_visit_elsewhere() -> None:
    told = at("moments.example", line(), line=b"GET /offers/a?id=token0000000 HTTP/1.1")
    assert kinds(outcome_of(told, request=SHOP)) == ["excess"]
    silent = at("moments.example", line=b"GET /offers/a?id=token0000000 HTTP/1.1")
    assert kinds(outcome_of(silent, request=SHOP)) == []


def test_where_a_gateway_follows_a_redirect_the_path_that_arrives_counts() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://moments.example/offers/a"
    led = replace(SHOP, answer=Answer(redirect))
    followed = at("moments.example", line(), line=b"GET /offers/a HTTP/1.1")
    assert kinds(outcome_of(followed, request=led)) == []
    elsewhere = at("moments.example", line(), line=b"GET /account HTTP/1.1")
    assert kinds(outcome_of(elsewhere, request=led)) == ["leak"]
    assert kinds(outcome_of(shop(line()), request=PREMIUM)) == ["leak", "missing"]
