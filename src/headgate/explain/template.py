"""Requests as they may be kept in a file: every number of the lab is a placeholder.

The run's seed draws the same population again, and with it the numbers: `{msisdn of 100.64.131.7}`
is that of whoever holds this address when a run begins. Each byte is a character (Latin-1); braces
of the request's own are written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from headgate.numbers import Subscriber
from headgate.population import Population
from headgate.values import filled

# By so many of its last digits a made-up number is known again (`families/forged.py`).
_TELLING = 8


class Numbers:
    """The numbers of a population, by the placeholders that stand for them."""

    def __init__(self, population: Population) -> None:
        self._digits = dict(_placeholders(population))

    @cached_property
    def _names(self) -> dict[bytes, str]:
        return {digits.encode(): name for name, digits in self._digits.items()}

    @cached_property
    def _any(self) -> re.Pattern[bytes]:
        longest_first = sorted(self._names, key=len, reverse=True)
        return re.compile(rb"|".join([*longest_first, rb"[{}]"]))

    def template(self, data: bytes) -> str:
        """The bytes with a placeholder for each number in digits."""
        return self._any.sub(self._placeholder, data).decode("latin-1")

    def _placeholder(self, match: re.Match[bytes]) -> bytes:
        if match[0] in (b"{", b"}"):
            return match[0] * 2
        return b"{%b}" % self._names[match[0]].encode()

    def filled(self, template: str) -> bytes:
        """The bytes that a template was made of. KeyError for a placeholder of another run."""
        return filled(template, **self._digits).encode("latin-1")


def masked(template: str) -> str:
    """What people are shown in a template's place."""
    return filled(re.sub(r"(?<!\{)((?:\{\{)*)\{([^{}]+)\}", r"\1{{\2}}", template))


def _placeholders(population: Population) -> Iterator[tuple[str, str]]:
    """Names and digits: the whole number, as it is dialled within the country, and its end."""
    for whose, subscriber in _people(population):
        msisdn, imsi = subscriber.msisdn, subscriber.imsi
        yield f"msisdn of {whose}", msisdn
        yield f"national msisdn of {whose}", msisdn.removeprefix("44")
        yield f"end of msisdn of {whose}", msisdn[-_TELLING:]
        yield f"imsi of {whose}", imsi
        yield f"msin of {whose}", imsi[5:]


def _people(population: Population) -> Iterator[tuple[str, Subscriber]]:
    yield from population.sessions.items()
    yield from ((f"spare subscriber {i}", one) for i, one in enumerate(population.spare, 1))
    yield from ((f"stranger {i}", one) for i, one in enumerate(population.strangers, 1))
