"""The lab's addresses: one side handsets, the other side everything else, and nothing between."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Network

import pytest

from headgate.lab import topology


def networks() -> list[IPv4Network]:
    return [IPv4Network(prefix) for prefix in topology.internet_prefixes()]


def test_the_internet_is_45_prefixes() -> None:
    assert len(networks()) == 45


def test_the_internet_and_what_is_not_make_up_every_address() -> None:
    rest = ("198.18.0.0/30", "100.64.0.0/10", "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4")
    everything = [*networks(), *map(IPv4Network, rest), IPv4Network("240.0.0.0/4")]
    assert list(ipaddress.collapse_addresses(everything)) == [IPv4Network("0.0.0.0/0")]
    assert sum(network.num_addresses for network in everything) == 1 << 32


@pytest.mark.parametrize("address", ["100.64.128.1", "198.18.0.1", "127.0.0.1", "224.0.0.1"])
def test_the_labs_own_addresses_are_no_sites(address: str) -> None:
    assert not any(ipaddress.IPv4Address(address) in network for network in networks())
    assert not topology.is_internet(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "198.18.0.4", "192.0.2.10"])
def test_every_other_address_is_the_internets(address: str) -> None:
    assert topology.is_internet(address)


def test_the_pool_has_32768_handsets() -> None:
    assert topology.POOL_SIZE == 32_768
    assert topology.handset_address(0) == "100.64.128.0"
    assert topology.handset_address(32_767) == "100.64.255.255"
    with pytest.raises(IndexError):
        topology.handset_address(32_768)


def test_the_pool_lies_in_the_access_network() -> None:
    assert IPv4Network(topology.POOL).subnet_of(IPv4Network(topology.ACCESS_NETWORK))


def test_three_nodes_are_joined_by_two_cables() -> None:
    plan = topology.cabling(gateway=1, handsets=2, world=3, transparent_port=8081)
    assert plan["links"] == [
        {"name": "access", "ends": [1, 2]},
        {"name": "internet", "ends": [1, 3]},
    ]
    handsets, world, gateway = plan["setup"]
    assert [handsets["pid"], world["pid"], gateway["pid"]] == [2, 3, 1]
    assert "route replace default via 100.64.0.1" in handsets["ip"]
    assert "route add 100.64.0.0/10 via 198.18.0.1" in world["ip"]
    assert "address add 100.64.0.1/30 dev access" in gateway["ip"]
    assert "address add 198.18.0.1/30 dev internet" in gateway["ip"]
    assert gateway["ip"][-2:] == [
        "route add 100.64.0.0/10 via 100.64.0.2",
        "route add default via 198.18.0.2",
    ]


def test_port_80_is_handed_to_the_transparent_port() -> None:
    gateway = topology.cabling(gateway=1, handsets=2, world=3, transparent_port=8081)["setup"][2]
    assert gateway["nat"] == [
        "*nat",
        "-A PREROUTING -i access -p tcp --dport 80 -j REDIRECT --to-ports 8081",
        "COMMIT",
    ]


def test_a_gateway_without_a_transparent_port_is_handed_nothing() -> None:
    plan = topology.cabling(gateway=1, handsets=2, world=3, transparent_port=None)
    assert [node["nat"] for node in plan["setup"]] == [[], [], []]
