"""Addresses and routes of the lab, as pure values (the contract's "The world around the gateway").

```
 handsets ──access── gateway ──internet── world
 100.64.128.0/17 via 100.64.0.2   100.64.0.1 │ 198.18.0.1   198.18.0.2 + every other address
```
"""

from __future__ import annotations

import ipaddress
from typing import Any

POOL = "100.64.128.0/17"
GATEWAY_ACCESS = "100.64.0.1"
HANDSETS = "100.64.0.2"
GATEWAY_INTERNET = "198.18.0.1"
WORLD = "198.18.0.2"
ACCESS_NETWORK = "100.64.0.0/10"
INTERNET_LINK = "198.18.0.0/30"

_NOT_INTERNET = (
    INTERNET_LINK,
    ACCESS_NETWORK,
    "0.0.0.0/8",
    "127.0.0.0/8",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
_TAKEN = tuple(map(ipaddress.IPv4Network, _NOT_INTERNET))


def is_internet(address: str) -> bool:
    """Whether an address is one of the internet's, all of which answer."""
    return not any(ipaddress.IPv4Address(address) in one for one in _TAKEN)


def internet_prefixes() -> list[str]:
    """The prefixes that together are every internet address but the lab's own."""
    rest = [ipaddress.IPv4Network("0.0.0.0/0")]
    for taken in _TAKEN:
        rest = [part for network in rest for part in _without(network, taken)]
    return [str(network) for network in sorted(rest)]


def _without(
    network: ipaddress.IPv4Network, taken: ipaddress.IPv4Network
) -> list[ipaddress.IPv4Network]:
    if not network.overlaps(taken):
        return [network]
    return list(network.address_exclude(taken)) if taken.subnet_of(network) else []


def handset_address(index: int) -> str:
    """The address of a handset of the pool, 0 to 32,767; every one of them is usable."""
    return str(ipaddress.IPv4Network(POOL)[index])


POOL_SIZE = ipaddress.IPv4Network(POOL).num_addresses


def cabling(
    *, gateway: int, handsets: int, world: int, transparent_port: int | None
) -> dict[str, Any]:
    """What the cabler does to join three nodes, given their process ids."""
    nat = []
    if transparent_port is not None:
        rule = "-A PREROUTING -i access -p tcp --dport 80"
        nat = ["*nat", f"{rule} -j REDIRECT --to-ports {transparent_port}", "COMMIT"]
    return {
        "links": [
            {"name": "access", "ends": [gateway, handsets]},
            {"name": "internet", "ends": [gateway, world]},
        ],
        "setup": [
            _end(handsets, "access", HANDSETS, [f"route replace default via {GATEWAY_ACCESS}"]),
            _end(world, "internet", WORLD, [f"route add {ACCESS_NETWORK} via {GATEWAY_INTERNET}"]),
            {
                "pid": gateway,
                "ip": [
                    "link set lo up",
                    *_plug("access", GATEWAY_ACCESS),
                    *_plug("internet", GATEWAY_INTERNET),
                    f"route add {ACCESS_NETWORK} via {HANDSETS}",
                    f"route add default via {WORLD}",
                ],
                "nat": nat,
            },
        ],
    }


def _end(pid: int, link: str, address: str, routes: list[str]) -> dict[str, Any]:
    return {"pid": pid, "ip": [*_plug(link, address), *routes], "nat": []}


def _plug(link: str, address: str) -> list[str]:
    return [f"address add {address}/30 dev {link}", f"link set {link} up"]
