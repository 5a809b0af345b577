"""A candidate that would behave on trial and leak in service cannot tell the one from the other.

These tests play that candidate: they look for a feature of a single request that many or all
requests of a run share. That is less than a proof. A feature that they do not look at may tell; so
may what many requests show together, or what is fixed for all to read: the ranges of the handsets'
addresses and numbers, and the policy's own names.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from ipaddress import IPv4Address

import pytest
from tests.unit.fakes import SITES, plan_of, policy_of, population_of

from headgate.agents.marks import words
from headgate.families import families
from headgate.http import Message
from headgate.internet import Internet
from headgate.lab.topology import POOL_SIZE, handset_address
from headgate.plan import lines
from headgate.request import Request

# What ordinary visits are made of; other families send oddities on purpose.
ORDINARY = ("ordinary", "permitted", "alternating", "impostor", "forged", "lookalike", "elsewhere")


@cache
def requests(seed: str = "seed", *, everything: bool = False) -> list[Request]:
    plan = plan_of(policy_of(*SITES), seed=seed)
    found: list[Request] = []
    while len(found) < 2000:
        for name, family in families().items():
            if everything or name in ORDINARY:
                for connection in family.generate(plan, plan.population.handsets):
                    found += connection.requests
    return found


def share(found: Counter[bytes]) -> dict[bytes, float]:
    return {name: count / len(requests()) for name, count in found.items()}


def queries(request: Request) -> set[bytes]:
    query = Message(request.raw).target.partition(b"?")[2]
    return {pair.partition(b"=")[0] for pair in query.split(b"&") if pair}


def place_of_token(request: Request) -> str:
    return Message(request.raw).place(request.raw.index(request.token.encode()))


def test_no_query_parameter_is_in_three_of_ten_requests() -> None:
    found = share(Counter(name for one in requests() for name in queries(one)))
    assert max(found.values()) < 0.3
    assert len(found) > 40


def test_no_cookie_is_in_three_of_ten_requests() -> None:
    cookies = [one.value for request in requests() for one in Message(request.raw).fields
               if one.name.lower() == b"cookie"]  # fmt: skip
    found = share(Counter(pair.partition(b"=")[0] for one in cookies for pair in one.split(b"; ")))
    assert max(found.values()) < 0.3
    assert len(found) > 20


def test_no_header_but_host_is_common_to_all() -> None:
    names = ({field.name for field in Message(one.raw).fields} for one in requests())
    found = share(Counter(name for one in names for name in one))
    assert {name for name, part in found.items() if part == 1} == {b"Host"}
    assert max(part for name, part in found.items() if name != b"Host") < 0.98


def test_no_header_line_is_in_six_of_ten_requests() -> None:
    fields = (field for one in requests() for field in Message(one.raw).fields)
    found = share(Counter(field.name + b": " + field.value for field in fields))
    assert max(found.values()) < 0.6


def test_header_lines_stand_in_hundreds_of_orders() -> None:
    orders = Counter(tuple(field.name for field in Message(one.raw).fields) for one in requests())
    assert len(orders) > 500
    assert max(orders.values()) < 0.05 * len(requests())


def test_tokens_stand_in_several_places_none_of_which_most_share() -> None:
    places = Counter(map(place_of_token, requests()))
    assert {"request line", "query", "cookie"} <= set(places)
    assert max(places.values()) < 0.7 * len(requests())
    assert min(places[name] for name in ("request line", "query", "cookie")) > 0.1 * len(requests())


def test_tokens_have_several_shapes_none_of_which_most_share() -> None:
    tokens = [one.token for one in requests()]
    lengths = Counter(map(len, tokens))
    assert len(lengths) > 10
    assert max(lengths.values()) < 0.4 * len(tokens)
    shapes = ("[0-9a-f]+", "[0-9A-F]+", "[0-9a-z]+", "[0-9A-Z]+", "[0-9A-Za-z]+")
    by_shape = Counter(next(s for s in shapes if re.fullmatch(s, token)) for token in tokens)
    assert set(by_shape) == set(shapes)
    assert max(by_shape.values()) < 0.5 * len(tokens)
    assert Counter(token[0] for token in tokens).most_common(1)[0][1] < 0.1 * len(tokens)


def test_what_could_be_a_token_is_not_in_every_request_where_another_has_it() -> None:
    """Beside the token there are words like it, so that to find one is not to have found it."""
    many = sum(len(set(words(one.raw))) > 1 for one in requests())
    assert many > 0.3 * len(requests())


def test_no_first_part_of_a_path_is_common_to_many() -> None:
    paths = Counter(re.split(rb"[/?;]", one.path[1:])[0] for one in requests())
    assert len(paths) > 40
    assert paths.most_common(1)[0][1] < 0.3 * len(requests())


def test_lengths_vary() -> None:
    lengths = Counter(len(one.raw) for one in requests())
    assert len(lengths) > 300
    assert max(lengths.values()) < 0.03 * len(requests())


def test_user_agents_are_many_and_each_handset_keeps_its_own() -> None:
    by_handset: dict[str, set[bytes]] = {}
    for one in requests():
        if one.family == "elsewhere":  # it puts hosts into that line, among others
            continue
        fields = [field for field in Message(one.raw).fields if field.name == b"User-Agent"]
        # What is made up may seem to go on with any line.
        agents = {field.value.partition(b"\r\n")[0] for field in fields}
        by_handset.setdefault(one.handset, set()).update(agents)
    assert {len(agents) for agents in by_handset.values()} <= {0, 1}
    found = Counter(agent for agents in by_handset.values() for agent in agents)
    assert len(found) > 40
    assert max(found.values()) <= 2


def test_ordinary_sites_are_drawn_from_all_of_the_list() -> None:
    known = set(lines("ordinary_sites.txt"))
    visited = Counter(one.host for one in requests() if one.host in known)
    assert len(visited) > 300
    assert max(visited.values()) < 0.03 * len(requests())


def test_sites_addresses_are_all_over_the_internet() -> None:
    internet = Internet("seed")
    found = [IPv4Address(internet.address(host)) for host in lines("ordinary_sites.txt")]
    assert len({int(one) >> 24 for one in found}) > 150
    assert not {int(one) & 255 for one in found} & {0, 255}


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_handsets_and_numbers_are_all_over_their_ranges_edges_included(seed: str) -> None:
    population = population_of(seed)
    places = [
        int(IPv4Address(one)) - int(IPv4Address(handset_address(0))) for one in population.handsets
    ]
    assert {0, POOL_SIZE - 1} <= set(places)
    assert len({place * 16 // POOL_SIZE for place in places}) >= 14
    numbers = [int(who.msisdn[-3:]) for who in population.subscribers]
    assert {0, 999} <= set(numbers)
    assert {number // 100 for number in numbers} == set(range(10))


def test_a_seed_makes_every_byte_again_and_another_seed_others() -> None:
    raws = [one.raw for one in requests(everything=True)]
    requests.cache_clear()
    assert [one.raw for one in requests(everything=True)] == raws
    others = {one.raw for one in requests("another", everything=True)}
    shared = [raw for raw in raws if raw in others]
    assert shared == []
