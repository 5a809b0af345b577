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
_USUAL = sorted(set(range(1, 224)) - _UNUSUAL)


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
            octets = [_USUAL[(first << 8 | rest[0]) % len(_USUAL)], *rest[1:]]
            address = ".".join(map(str, octets))
            if address not in self._name:
                return address
        raise AssertionError("count() does not end")
