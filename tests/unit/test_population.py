"""Who lives in a run: drawn by its seed, spread over the pool, no two alike."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest
from tests.unit.fakes import population_of

from headgate.detector import Scanner
from headgate.forms import Identity
from headgate.lab.topology import POOL, POOL_SIZE, handset_address
from headgate.numbers import Subscriber
from headgate.population import DRAWN_NUMBERS, Population, populate

SEEDS = ["a", "b", "c"]


def addresses(population: Population) -> list[str]:
    return [*population.agreed, *population.refused, *population.nobody]


def test_a_seed_draws_the_same_people_again() -> None:
    assert population_of("a") == population_of("a")
    assert population_of("a") != population_of("b")


def test_everyone_is_where_they_were_asked_for() -> None:
    population = population_of()
    assert len(population.agreed) == 48
    assert len(population.refused) == 16
    assert len(population.nobody) == 16
    assert len(population.spare) == 16
    assert len(population.strangers) == 64
    assert all(who.consent for who in population.agreed.values())
    assert not any(who.consent for who in population.refused.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_people_share_a_number_an_imsi_or_an_address(seed: str) -> None:
    population = population_of(seed)
    people = [*population.subscribers, *population.strangers]
    assert len({who.msisdn for who in people}) == len({who.imsi for who in people}) == 144
    assert len(set(addresses(population))) == 80


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_are_ofcoms_for_drama_and_imsis_the_test_networks(seed: str) -> None:
    population = population_of(seed)
    for who in (*population.subscribers, *population.strangers):
        assert 447700900000 <= int(who.msisdn) <= 447700900999
        assert (who.imsi[:5], len(who.imsi)) == ("00101", 15)


@pytest.mark.parametrize("seed", SEEDS)
def test_handsets_are_all_over_the_pool_its_edges_among_them(seed: str) -> None:
    population = population_of(seed)
    found = [IPv4Address(one) for one in addresses(population)]
    assert all(one in IPv4Network(POOL) for one in found)
    edges = {0, 1, 255, 256, POOL_SIZE // 2, POOL_SIZE - 1}
    assert {handset_address(edge) for edge in edges} <= {str(one) for one in found}
    assert len({one.packed[2] // 16 for one in found}) == 8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_and_the_last_number_take_part(seed: str) -> None:
    numbers = {who.msisdn for who in population_of(seed).agreed.values()}
    assert {"447700900000", "447700900999"} <= numbers


def test_a_number_is_found_as_its_own_subscribers_and_nobody_elses() -> None:
    population = population_of()
    scanner = Scanner(population.subscribers)
    for who in population.subscribers:
        hits = scanner.find(b"%s and %s" % (who.msisdn.encode(), who.imsi.encode()))
        assert [hit.subscriber for hit in hits] == [who, who]


def test_no_number_that_is_drawn_reads_as_anothers_in_either_direction() -> None:
    """07700900774 backwards is 47700900770: whoever forges +447700900770 would betray the other."""
    people = {str(one): Subscriber(str(one), "001010000000000") for one in DRAWN_NUMBERS}
    scanner = Scanner(people.values())
    for number, who in people.items():
        written = [way.digits.encode() for way in Identity("msisdn", number).written]
        found = {hit.subscriber for way in written for hit in scanner.find(way + b" " + way[::-1])}
        assert found == {who}


def test_a_strangers_number_is_nobodys() -> None:
    population = population_of()
    scanner = Scanner(population.subscribers)
    assert [who for who in population.strangers if scanner.find(who.msisdn.encode())] == []


def test_subscribers_are_those_whose_numbers_must_be_found() -> None:
    population = population_of()
    assert len(population.subscribers) == 48 + 16 + 16
    assert population.sessions == {**population.agreed, **population.refused}


def test_a_population_may_be_as_large_as_the_range_of_numbers() -> None:
    rng = random.Random(1)
    population = populate(rng, agreed=600, refused=100, nobody=300, spare=100, strangers=198)
    assert len({who.msisdn for who in (*population.subscribers, *population.strangers)}) == 998


def test_a_population_shows_no_number() -> None:
    population = population_of()
    assert not any(who.msisdn in repr(population) for who in population.subscribers)
