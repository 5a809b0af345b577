"""A handset goes on after its address has passed on: same sites, same connection, its cookies."""

from __future__ import annotations

from tests.unit.fakes import SITES, outcome_of, plan_of, policy_of, spec_of

from headgate.families import families
from headgate.http import Message
from headgate.lasting import jar, kept, resumed
from headgate.request import Connection

PLAN = plan_of(policy_of(*SITES))


def visits() -> list[Connection]:
    handsets = list(PLAN.population.agreed)[:8]
    return list(families()["alternating"].generate(PLAN, handsets))


def test_connections_are_left_open_and_gone_on_with() -> None:
    first = kept(visits())
    assert all(one.manner.stays and not one.manner.goes_on for one in first)
    again = list(resumed(PLAN, first, {}))
    assert all(one.manner.goes_on and not one.manner.stays for one in again)
    assert [one.handset for one in again] == [one.handset for one in first]


def test_both_kinds_of_sites_are_visited_once_more_by_new_requests() -> None:
    first = visits()
    for before, after in zip(first, resumed(PLAN, first, {}), strict=True):
        assert len(after.requests) == 2
        assert {one.host for one in after.requests} <= {one.host for one in before.requests}
        permitted = [PLAN.policy.site_for(one.host) is not None for one in after.requests]
        assert sorted(permitted) == [False, True]
        tokens = {one.token for one in before.requests}
        assert not tokens & {one.token for one in after.requests}


def test_cookies_go_back_to_the_host_that_gave_them_and_to_no_other() -> None:
    first = visits()[0]
    given = first.requests[0]
    response = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\n\r\n"
    cookies = jar([outcome_of(request=given, response=response), outcome_of(response=None)])
    assert cookies == {(given.handset, given.host): "a=1; b=2"}
    (again,) = resumed(PLAN, [first], cookies)
    for one in again.requests:
        sent = [field.value for field in Message(one.raw).fields if field.name == b"Cookie"]
        assert (b"a=1; b=2" in sent) is (one.host == given.host)


def test_a_gateway_with_one_way_in_is_gone_on_with_too() -> None:
    plan = plan_of(policy_of(*SITES), spec=spec_of(proxy=None))
    first = list(families()["alternating"].generate(plan, list(plan.population.agreed)[:4]))
    assert len(list(resumed(plan, first, {}))) == len(first)
