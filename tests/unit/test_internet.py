"""Every name has an address of its own, and the address tells the name."""

from __future__ import annotations

import ipaddress

import pytest

from headgate.internet import Internet, literal, normal
from headgate.lab.topology import ACCESS_NETWORK, INTERNET_LINK

NAMES = [f"site{index}.example" for index in range(5000)]


@pytest.mark.parametrize("name", ["Premium.Example", "premium.example.", "PREMIUM.EXAMPLE."])
def test_names_compare_without_case_and_without_the_roots_dot(name: str) -> None:
    internet = Internet("seed")
    assert normal(name) == "premium.example"
    assert internet.address(name) == internet.address("premium.example")
    assert internet.knows(name)


def test_an_address_follows_from_the_seed_and_the_name() -> None:
    assert Internet("a").address("premium.example") == Internet("a").address("premium.example")
    assert Internet("a").address("premium.example") != Internet("b").address("premium.example")


def test_no_two_names_share_an_address() -> None:
    internet = Internet("seed")
    assert len({internet.address(name) for name in NAMES}) == len(NAMES)


def test_addresses_look_like_those_of_real_sites() -> None:
    internet = Internet("seed")
    addresses = [ipaddress.IPv4Address(internet.address(name)) for name in NAMES]
    lab = [ipaddress.IPv4Network(net) for net in (ACCESS_NETWORK, INTERNET_LINK)]
    assert [a for a in addresses if not a.is_global or any(a in net for net in lab)] == []
    assert len({int(address) >> 24 for address in addresses}) > 150


def test_an_address_tells_its_name() -> None:
    internet = Internet("seed")
    assert internet.name(internet.address("premium.example")) == "premium.example"


def test_an_address_that_no_name_leads_to_is_its_own_site() -> None:
    assert Internet("seed").name("203.0.113.9") == "203.0.113.9"


def test_an_address_literal_is_its_own_address() -> None:
    internet = Internet("seed")
    assert internet.address("198.51.100.7") == "198.51.100.7"
    assert internet.name("198.51.100.7") == "198.51.100.7"


@pytest.mark.parametrize("name", ["1.2.3", "1.2.3.256", "01.2.3.4", "::1", "1.2.3.4.", "x", ""])
def test_nothing_else_is_a_literal(name: str) -> None:
    assert literal(name) is None


def test_what_one_end_has_learned_the_other_end_finds() -> None:
    here, there = Internet("seed"), Internet("another seed")
    there.learn({"Shop.Example.": here.address("shop.example")})
    assert there.address("shop.example") == here.address("shop.example")
    assert there.name(here.address("shop.example")) == "shop.example"
    assert there.names == here.names


def test_a_taken_address_is_not_given_to_another_name() -> None:
    wanted = Internet("seed").address("shop.example")
    internet = Internet("seed")
    internet.learn({"first.example": wanted})
    assert internet.address("shop.example") != wanted


def test_an_unknown_name_is_not_known() -> None:
    assert not Internet("seed").knows("shop.example")
