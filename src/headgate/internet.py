"""The names and addresses of the simulated internet.

Every name has an address of its own, so that the address a request arrives at tells which site
got it. Addresses look like those of real sites, and follow from the name and the run's seed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
from collections.abc import Mapping

# First octets with no special-purpose block in them (IANA's special-purpose address registry):
# what a candidate could tell from a real site's address it could tell from a real site.
_UNUSUAL = {0, 10, 100, 127, 169, 172, 192, 198, 203}
# Blocks of ministries, makers of cars and the post, where no public site has its address.
_UNUSUAL |= {6, 7, 11, 19, 21, 22, 25, 26, 28, 29, 30, 33, 48, 53, 55, 56, 57, 73, 214, 215}
_USUAL = sorted(set(range(1, 224)) - _UNUSUAL)


# For how long a resolver may keep a name's address, in seconds: what sites are given in life.
_LIFETIMES = (60, 60, 120, 300, 300, 300, 600, 900, 1200, 1800, 3600, 3600)


def lifetime(name: str) -> int:
    """The time to live of a name's record in seconds (RFC 1035, 3.2.1), always the same."""
    (first,) = hashlib.blake2b(normal(name).encode(), digest_size=1).digest()
    return _LIFETIMES[first % len(_LIFETIMES)]


def normal(name: str) -> str:
    """A host name as the DNS compares it: without case, without the root's dot (RFC 4343)."""
    return name.lower().removesuffix(".")


def literal(name: str) -> str | None:
    """The address that an IPv4 literal names, None for any other name."""
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        return None


class Internet:
    """Names with their addresses, both ways. Names that were never asked for get one on demand."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._address: dict[str, str] = {}
        self._name: dict[str, str] = {}

    def address(self, name: str) -> str:
        name = normal(name)
        if name not in self._address:
            self.learn({name: literal(name) or self._free_address(name)})
        return self._address[name]

    def knows(self, name: str) -> bool:
        return normal(name) in self._address

    def name(self, address: str) -> str:
        """The site at an address; an address that no name leads to is its own site."""
        return self._name.get(address, address)

    def learn(self, addresses: Mapping[str, str]) -> None:
        for name, address in addresses.items():
            self._address[normal(name)] = address
            self._name[address] = normal(name)

    @property
    def names(self) -> dict[str, str]:
        return dict(self._address)

    def _free_address(self, name: str) -> str:
        for attempt in itertools.count():
            text = f"{attempt} {name}".encode()
            first, *rest = hashlib.blake2b(text, key=self._seed[:64], digest_size=5).digest()
            # A network's first and last address are no host's.
            octets = [_USUAL[(first << 8 | rest[0]) % len(_USUAL)], *rest[1:3], 1 + rest[3] % 254]
            address = ".".join(map(str, octets))
            if address not in self._name:
                return address
        raise AssertionError("count() does not end")
