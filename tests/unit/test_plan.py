"""A plan turns what a family wants into the bytes of an ordinary handset."""

from __future__ import annotations

import pytest

from headgate.agents.framing import request_end
from headgate.http import Message
from headgate.plan import Plan, lines
from headgate.policy import Permission, Site
from headgate.request import EXPLICIT, TRANSPARENT
from tests.unit.fakes import ADULT, HANDSET, MOMENTS, PREMIUM, plan_of, policy_of, spec_of


def plan(*sites: Site) -> Plan:
    return plan_of(policy_of(*sites))


def test_a_request_looks_like_any_handsets() -> None:
    request = plan().request("ordinary", HANDSET, "www.bbc.co.uk", mode=EXPLICIT, path="/news")
    head = request.raw.decode().split("\r\n")
    assert head[0] == f"GET http://www.bbc.co.uk/news?id={request.token} HTTP/1.1"
    assert head[1] == "Host: www.bbc.co.uk"
    assert head[2].removeprefix("User-Agent: ") in lines("user_agents.txt")
    assert head[3:] == [
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.9",
        "Connection: keep-alive",
        "",
        "",
    ]
    assert request.id == f"ordinary/{request.token}"
    assert (request.method, request.host, request.handset) == (b"GET", "www.bbc.co.uk", HANDSET)
    assert request.path == f"/news?id={request.token}".encode()


def test_a_body_has_its_length() -> None:
    request = plan().request(
        "f", HANDSET, "a.example", mode=TRANSPARENT, method="POST", body=b"a=b", closing=True
    )
    names = [field.name for field in Message(request.raw).fields]
    assert names[-3:] == [b"Content-Type", b"Content-Length", b"Connection"]
    assert request_end(request.raw) == len(request.raw)
    assert request.raw.endswith(b"\r\nConnection: close\r\n\r\na=b")


@pytest.mark.parametrize(
    ("path", "target"),
    [("/a", "/a?id={}"), ("/a?b=c", "/a?b=c&id={}"), ("/?", "/?&id={}"), ("/", "/?id={}")],
)
def test_the_token_stands_where_ids_stand(path: str, target: str) -> None:
    request = plan().request("f", HANDSET, "a.example", mode=TRANSPARENT, path=path)
    assert Message(request.raw).target.decode() == target.format(request.token)


def test_the_host_field_may_say_something_else() -> None:
    request = plan().request(
        "f", HANDSET, "a.example:8080", mode=EXPLICIT, host_header="b.example", headers=[("X", "1")]
    )
    fields = [(field.name, field.value) for field in Message(request.raw).fields]
    assert fields[0] == (b"Host", b"b.example")
    assert (b"X", b"1") in fields
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
    assert len(plan().ordinary_hosts(1000)) == len(lines("ordinary_sites.txt"))


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


def test_tokens_are_unlike_words() -> None:
    here = plan()
    tokens = {here.token() for _ in range(5000)}
    assert len(tokens) == 5000
    assert {len(token) for token in tokens} == {12}
    assert all(token[0].isalpha() and token.islower() and token.isalnum() for token in tokens)
