"""Numbers that a handset makes up, under every header name known from the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

from headgate.families import Family
from headgate.families.bodies import CHUNKED, in_chunks
from headgate.families.permitted import METHODS, WITH_BODY
from headgate.families.plain import OTHER_METHODS
from headgate.forms import Identity, Written
from headgate.gateway_spec import HeaderSessions, fill
from headgate.lab.topology import GATEWAY_ACCESS
from headgate.numbers import Subscriber
from headgate.plan import Headers, Place, Plan, lines
from headgate.request import Connection

Spelling = Callable[[str], str]

# By so many of its last digits a made-up number is known again, however the rest was written.
_TELLING = 8
_UNBOUND: dict[str, Any] = {"binding": False}


def _as_it_is(name: str) -> str:
    return name


# Names that a site, or the server it runs on, takes for one and the same.
_NAMES: tuple[Spelling, ...] = (
    str.upper,
    str.title,
    str.swapcase,
    lambda name: name.replace("-", "_"),
    lambda name: name.replace("-", "_").upper(),
    lambda name: name.replace("-", "_", 1),
)


def _spellings(name: str, number: str) -> Iterator[Headers]:
    """The policy's header, as a handset may write it in a well-formed request."""
    yield [(name, number)]
    yield from ([(spelled(name), number)] for spelled in _NAMES)
    yield [(name, number), (name, number)]
    yield [(name, ""), (name, number)]
    yield [(name, number), (name, "")]
    yield [(name, number), (name.upper(), number), (name.replace("-", "_"), number)]
    yield [(name, f"{number}, {number}")]
    yield [(name, number), ("Connection", name)]
    yield [(name, number), ("Connection", f"close, {name.title()}")]
    yield [(name, f"\t {number} \t")]
    yield [(name, f'"{number}"')]
    yield [*((f"X-Option-{index}", "1") for index in range(101)), (name, number)]


def _malformed(name: str, number: str) -> Iterator[Headers]:
    """What a parser should refuse, and what one may still read a number from."""
    half, rest = number[:-_TELLING], number[-_TELLING:]
    yield [(f"{name} ", number)]
    yield [(f" {name}", number)]
    yield [("X-Note", f"a\n{name}: {number}")]
    yield [("X-Note", f"a\r{name}: {number}")]
    yield [("X-Note", f"a\r\n {name}: {number}")]
    yield [(name, f"\r\n {number}")]
    yield [(name, f"{half}\r\n {rest}")]
    yield [(name, f"{half}\x00{rest}")]
    yield [(name, f"{half}\t{rest}")]
    yield [(f"{name}\x00", number)]
    yield [(f"{name}\t", number)]
    yield [(f"{name}\x0b", number)]


# What ends a line, or a request line, where a path is decoded before it goes out.
_LINE_ENDS = ("%0d%0a", "%0a", "%20HTTP/1.1%0d%0a", "%E5%98%8D%E5%98%8A")


def _decoded_on_the_way(name: str, number: str) -> Iterator[str]:
    """What a path ends in: a header line, for whoever reads the path and not what was sent."""
    for end in _LINE_ENDS:
        yield f"/news{end}{name}:%20{number}{end}X-Note:%20a"
        yield f"/?page=1{end}{name}:%20{number}{end}X-Note:%20a"


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    strangers = cycle(plan.made_up)
    for headers, number, more in _forgeries(plan, strangers):
        for place in plan.places(1, 1):
            yield _visit(plan, next(turn), place, headers, number, **more)
    for name in lines("identity_headers.txt"):
        number = next(strangers)
        for place in plan.places(1, 1):
            # As it is where a number would be believed; elsewhere in any spelling.
            permitted = plan.policy.site_for(place.host)
            spelled = name if permitted else plan.rng.choice((_as_it_is, *_NAMES))(name)
            yield _visit(plan, next(turn), place, [(spelled, number)], number)


def _visit(
    plan: Plan, handset: str, place: Place, headers: Headers, number: str, **more: Any
) -> Connection:
    forged = [number[-_TELLING:]]
    return plan.visit(FAMILY.id, handset, place, headers=headers, forged=forged, **more)


def _forgeries(plan: Plan, numbers: Iterator[str]) -> Iterator[tuple[Headers, str, dict[str, Any]]]:
    """Header lines, the number in them, and how else the request is made."""
    for name in (plan.policy.header, *plan.policy.strip):
        number = next(numbers)
        yield from ((headers, number, {}) for headers in _spellings(name, number))
        yield from ((headers, number, _UNBOUND) for headers in _malformed(name, number))
        yield from (([(name, way.digits)], number, {}) for way in _ways(number))
        yield from (([(name, number)], number, more) for more in _by_every_method())
        yield [CHUNKED, ("Trailer", name)], number, _in_trailer(name, number)
        yield [CHUNKED], number, _in_trailer(name.upper(), number)
        other = plan.rng.choice(plan.population.spare).msisdn  # a real one, of somebody else
        yield [(name, other)], other, {}
        for path in _decoded_on_the_way(name, number):
            yield [], number, {"path": path, **_UNBOUND}
    if isinstance(plan.spec.sessions, HeaderSessions):
        number = next(numbers)
        spellings = _as_the_core(plan.spec.sessions, Subscriber(number, f"00101{number[-10:]}"))
        yield from ((headers, number, _UNBOUND) for headers in spellings)


def _by_every_method() -> Iterator[dict[str, Any]]:
    for method in METHODS:
        yield {"method": method, "body": b"name=value" if method in WITH_BODY else b""}
    yield from ({"method": method, **_UNBOUND} for method in OTHER_METHODS)


def _as_the_core(sessions: HeaderSessions, subscriber: Subscriber) -> Iterator[Headers]:
    """What the packet core says, in spellings that a gateway may take for the core's own."""
    return _spellings(sessions.name, fill(sessions.value, ip=GATEWAY_ACCESS, subscriber=subscriber))


def _ways(number: str) -> Sequence[Written]:
    return Identity("msisdn", number).written


def _in_trailer(name: str, number: str) -> dict[str, Any]:
    body = in_chunks(b"name=value", 10, trailer=[(name, number)])
    return {"method": "POST", "body": body, **_UNBOUND}


FAMILY = Family(
    "forged",
    "Handsets send numbers that they made up, under every name that such a header has had.",
    3,
    generate,
)
