"""A plan turns what a family wants into the bytes of an ordinary handset."""

from __future__ import annotations

import re

import pytest
from tests.unit.fakes import ADULT, HANDSET, MOMENTS, PREMIUM, plan_of, policy_of, spec_of

from headgate.agents.framing import request_end
from headgate.answer import Answer
from headgate.http import Message
from headgate.plan import AGENT, COOKIE, REFERER, Page, Plan, lines
from headgate.policy import Permission, Site
from headgate.request import EXPLICIT, TRANSPARENT, Manner


def plan(*sites: Site) -> Plan:
    return plan_of(policy_of(*sites))


def test_a_request_is_one_of_its_handsets_browser() -> None:
    here = plan()
    for handset in here.population.handsets:
        request = here.request("ordinary", handset, "www.bbc.co.uk", mode=TRANSPARENT)
        browser = here.browser_of(handset)
        lines_of = [field.name.decode() for field in Message(request.raw).fields]
        assert [name for name, _ in browser.lines if name in lines_of] == lines_of
        agents = [one.value for one in Message(request.raw).fields if one.name == b"User-Agent"]
        assert agents == [browser.agent.encode()] * bool(browser.agent)
        assert request.id == f"ordinary/{request.token}"
        assert (request.method, request.host, request.handset) == (b"GET", "www.bbc.co.uk", handset)
        assert request.raw.count(request.token.encode()) == 1


def test_a_handset_that_is_nowhere_known_has_a_browser_all_the_same() -> None:
    assert plan().browser_of("100.64.200.200") == plan().browser_of("100.64.200.200")


@pytest.mark.parametrize("handset", plan().population.handsets[::5])
def test_a_body_has_its_length(handset: str) -> None:
    request = plan().request(
        "f", handset, "a.example", mode=TRANSPARENT, method="POST", body=b"a=b", closing=True
    )
    fields = {field.name: field.value for field in Message(request.raw).fields}
    assert fields[b"Content-Type"] == b"application/x-www-form-urlencoded"
    assert (fields[b"Content-Length"], fields[b"Connection"]) == (b"3", b"close")
    assert request_end(request.raw) == len(request.raw)
    assert request.raw.endswith(b"\r\n\r\na=b")


@pytest.mark.parametrize("path", ["/", "/account", "/offers/../account", "/account?next=/offers/x"])
def test_a_path_that_is_no_page_is_visited_as_it_is_written(path: str) -> None:
    here = plan()
    for _ in range(100):
        request = here.request("f", HANDSET, "a.example", mode=TRANSPARENT, path=path)
        target = Message(request.raw).target.decode()
        assert re.fullmatch(re.escape(path) + r"([?&].*)?", target)


def test_no_two_requests_for_pages_have_one_url() -> None:
    here = plan()
    targets = {
        Message(here.request("f", HANDSET, "a", mode=EXPLICIT, path=Page("/news")).raw).target
        for _ in range(1000)
    }
    assert len(targets) == 1000
    assert all(target.startswith(b"http://a/news") for target in targets)


@pytest.mark.parametrize(
    ("place", "name"), [(COOKIE, b"Cookie"), (AGENT, b"User-Agent"), (REFERER, b"Referer")]
)
def test_a_token_stands_where_a_family_wants_it(place: str, name: bytes) -> None:
    here = plan()
    for handset in here.population.handsets:
        request = here.request(
            "f", handset, "a.example", mode=TRANSPARENT, path=Page("/x"), token_in=place
        )
        (field,) = (one for one in Message(request.raw).fields if one.name == name)
        assert request.token.encode() in field.value
        assert Message(request.raw).target == b"/x"


def test_a_token_whose_request_gets_no_page_stands_in_no_cookie() -> None:
    here = plan()
    for _ in range(200):
        one = here.request("f", HANDSET, "a", mode=EXPLICIT, answer=Answer(b"HTTP/1.1 200 OK"))
        other = here.request("f", HANDSET, "a", mode=EXPLICIT, path="/", hidden=True)
        silent = here.connection("f", HANDSET, "a", mode=EXPLICIT, manner=Manner(awaits=False))
        for request in (one, other, *silent.requests):
            assert request.token.encode() in Message(request.raw).target


def test_what_a_policy_strips_only_a_forger_sends() -> None:
    here = plan_of(policy_of(PREMIUM, strip=["cookie", "x_wap_profile", "dnt"]))
    for handset in here.population.handsets * 5:
        forging = [("DNT", "447700900999")]
        for headers in ((), forging):
            request = here.request("f", handset, "a", mode=EXPLICIT, headers=headers)
            fields = [(one.name, one.value) for one in Message(request.raw).fields]
            stripped = [one for one in fields if here.policy.stripped(one[0])]
            assert stripped == [(b"DNT", b"447700900999")] * len(headers)


def test_the_host_field_may_say_something_else() -> None:
    request = plan().request(
        "f", HANDSET, "a.example:8080", mode=EXPLICIT, host_header="b.example", headers=[("X", "1")]
    )
    fields = [(field.name, field.value) for field in Message(request.raw).fields]
    assert (b"Host", b"b.example") in fields
    assert fields.index((b"X", b"1")) > fields.index((b"Host", b"b.example"))
    assert Message(request.raw).target.startswith(b"http://a.example:8080/")
    assert request.host == "a.example"


def test_a_header_may_hold_any_byte() -> None:
    request = plan().request("f", HANDSET, "a", mode=EXPLICIT, headers=[("X", "\xff\x00\t")])
    assert b"\r\nX: \xff\x00\t\r\n" in request.raw


def test_an_explicit_connection_goes_to_the_proxy_whatever_the_port() -> None:
    connection = plan().connection("f", HANDSET, "a.example", mode=EXPLICIT, port=81)
    assert (connection.address, connection.port) == ("100.64.0.1", 8080)
    assert b"\r\nHost: a.example:81\r\n" in connection.requests[0].raw
    assert connection.handset == HANDSET


def test_a_transparent_connection_goes_to_the_sites_address() -> None:
    here = plan()
    connection = here.connection("f", HANDSET, "a.example", mode=TRANSPARENT)
    assert (connection.address, connection.port) == (here.address_of("a.example"), 80)


@pytest.mark.parametrize(
    ("proxy", "transparent", "modes"),
    [
        (8080, 80, (EXPLICIT, TRANSPARENT)),
        (8080, None, (EXPLICIT,)),
        (None, 80, (TRANSPARENT,)),
    ],
)
def test_only_the_ways_that_the_gateway_offers_are_taken(
    proxy: int | None, transparent: int | None, modes: tuple[str, ...]
) -> None:
    spec = spec_of(proxy=proxy, transparent=transparent)
    assert plan_of(policy_of(), spec=spec).modes == modes


def test_ordinary_hosts_are_those_that_the_policy_leaves() -> None:
    named = [Site(host, "premium") for host in lines("ordinary_sites.txt")[1:]]
    assert plan(*named).ordinary_hosts(60) == [lines("ordinary_sites.txt")[0]]
    assert len(set(plan().ordinary_hosts(60))) == 60
    assert len(plan().ordinary_hosts(10_000)) == len(lines("ordinary_sites.txt"))


def test_where_the_policy_names_them_all_an_address_is_left() -> None:
    named = [Site(host, "premium") for host in lines("ordinary_sites.txt")]
    (address,) = plan(*named).ordinary_hosts(60)
    assert address.replace(".", "").isdigit()


@pytest.mark.parametrize("site", [PREMIUM, ADULT, MOMENTS, Site("a.b", "x", ("/", "/c/d"))])
def test_a_site_is_visited_where_it_may_get_the_number(site: Site) -> None:
    here = plan(site)
    for _ in range(50):
        host, path = here.host_of(site), here.path_in(site)
        assert here.policy.permits(host, 80, path.encode()) is Permission.YES


def test_a_site_is_visited_on_its_own_ports_where_there_is_a_choice() -> None:
    site = Site("premium.example", "premium", ports=(81, 8080))
    here = plan(site)
    assert {here.port_of(site, EXPLICIT) for _ in range(50)} == {81, 8080}
    assert here.port_of(site, TRANSPARENT) == 80
    assert here.port_of(None, EXPLICIT) == 80


def test_a_header_of_the_requests_own_stands_in_the_place_of_the_browsers() -> None:
    here = plan()
    for handset in here.population.handsets:
        own = [("User-Agent", "x/1"), ("accept", "y/z"), ("Cookie", "a=b")]
        request = here.request("f", handset, "a", mode=TRANSPARENT, headers=own)
        fields = [(field.name, field.value) for field in Message(request.raw).fields]
        names = [name.lower() for name, _ in fields]
        assert {names.count(name) for name in (b"user-agent", b"accept", b"cookie")} == {1}
        at = fields.index((b"User-Agent", b"x/1"))
        assert fields[at : at + 3] == [(n.encode(), v.encode()) for n, v in own]
