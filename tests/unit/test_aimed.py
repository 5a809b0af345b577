"""How what a config asks about is taken to the gateway."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from tests.unit.fakes import SITES, plan_of, policy_of

from headgate.families.aimed import generate
from headgate.http import Message
from headgate.internet import Internet
from headgate.lab import topology
from headgate.reading.aim import Aim
from headgate.reading.span import Span
from headgate.request import EXPLICIT, TRANSPARENT, Connection

AT = Span("nginx.conf", 0, 9, 1, 1)


def visits(aim: Aim) -> dict[str, Connection]:
    """One visit for each way into the gateway."""
    plan = replace(plan_of(policy_of(*SITES)), aims=[aim])
    return {one.requests[0].mode: one for one in generate(plan, list(plan.population.agreed))}


def host_header(connection: Connection) -> bytes:
    fields = Message(connection.requests[0].raw).fields
    return next(field.value for field in fields if field.name.lower() == b"host")


@pytest.mark.parametrize("host", ["127.0.0.0", "100.127.255.255", "0.0.0.0"])
def test_an_address_that_no_site_has_is_asked_for_on_both_ways(host: str) -> None:
    """On the transparent way a handset gets to the gateway by a site's address: its own network
    would take the other for itself."""
    found = visits(Aim(AT, host=host))
    assert Message(found[EXPLICIT].requests[0].raw).target.startswith(f"http://{host}/".encode())
    assert host_header(found[TRANSPARENT]) == host.encode()
    assert topology.is_internet(found[TRANSPARENT].address)
    assert not any(one.requests[0].binding for one in found.values())


def test_an_address_of_the_internet_is_visited_itself() -> None:
    visit = visits(Aim(AT, host="10.255.255.255"))[TRANSPARENT]
    assert (visit.address, host_header(visit)) == ("10.255.255.255", b"10.255.255.255")
    assert visit.requests[0].binding


def test_a_request_for_an_upgrade_is_owed_nothing() -> None:
    found = visits(Aim(AT, headers=(("upgrade", "1"),)))
    assert not any(one.requests[0].binding for one in found.values())
    other = visits(Aim(AT, headers=(("x-upgrade", "1"),)))
    assert all(one.requests[0].binding for one in other.values())


def test_a_name_is_visited_where_it_leads_to() -> None:
    visit = visits(Aim(AT, host="beta.example"))[TRANSPARENT]
    assert visit.address == Internet("seed").address("beta.example")
    assert host_header(visit) == b"beta.example"


def test_what_chance_decides_goes_as_often_as_it_takes_to_sites_of_either_kind_alone() -> None:
    """A leak shows at sites that are not permitted, a missing number at those that are, and most of
    both for those who have agreed; others come to both as well."""
    plan = replace(plan_of(policy_of(*SITES)), aims=[Aim(AT, repeat=227)])
    people = plan.population
    requests = [r for one in generate(plan, people.handsets) for r in one.requests]
    agreed, others = Counter[bool](), Counter[bool]()
    for one in requests:
        who = agreed if one.handset in people.agreed else others
        who[plan.policy.site_for(one.host) is None] += 1
    assert min(agreed[True], agreed[False]) >= 225  # the last turn need not be a whole one
    assert min(others[True], others[False]) >= 50
    assert len(requests) < 227 * 3


def test_without_anybody_who_has_agreed_the_others_come_for_all() -> None:
    plan = replace(plan_of(policy_of(*SITES)), aims=[Aim(AT, repeat=10)])
    found = list(generate(plan, plan.population.nobody))
    assert len(found) == 25
