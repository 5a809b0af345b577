"""Requests hidden behind the body of another ("HTTP request smuggling", Watchfire 2005).

Two parsers that end a message at different places take two different requests from one run of
bytes. Most of what is sent here is refused by a gateway that is worth its name (RFC 9112, 6.3 and
11.2); where it is not, the hidden request must bring no site a number that it may not have, nor one
that the handset made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import NamedTuple

from headgate.families import Family
from headgate.gateway_spec import HeaderSessions
from headgate.plan import Headers, Place, Plan
from headgate.request import Connection, Manner

LENGTH, CODING = "Content-Length", "Transfer-Encoding"
_LAST_CHUNK = b"0\r\n\r\n"
# A gateway that waits for the rest of a body is not waited for in turn.
_MANNER = Manner(lingers=0.05, patience=0.5)

# Ways to write a coding that one parser reads and another overlooks.
_VEILED: tuple[tuple[str, str], ...] = (
    (CODING + " ", "chunked"),
    (" " + CODING, "chunked"),
    ("Transfer_Encoding", "chunked"),
    (CODING, "xchunked"),
    (CODING, "chunked, identity"),
    (CODING, "identity, chunked"),
    (CODING, "\tchunked"),
    (CODING, "\x0bchunked"),
    (CODING, '"chunked"'),
    (CODING, "\r\n chunked"),
    ("X-Note", "a\n" + CODING + ": chunked"),
)


class Cover(NamedTuple):
    """What hides a request: the outer one's fields, and the bytes before and behind the inner."""

    method: str
    headers: Headers
    before: bytes = b""
    behind: bytes = b""
    version: str = "1.1"


def _covers(length: int) -> Iterator[Cover]:
    """Covers for a hidden request of `length` bytes."""
    size, chunk = str(length), b"%x\r\n" % length
    behind_last = str(length + len(_LAST_CHUNK))
    chunked = (CODING, "chunked")
    yield Cover("POST", [(LENGTH, size)])
    yield Cover("GET", [(LENGTH, size)])
    yield Cover("POST", [(LENGTH, size), ("Expect", "100-continue")])
    yield Cover("POST", [chunked], chunk, b"\r\n" + _LAST_CHUNK)
    yield Cover("GET", [chunked], chunk, b"\r\n" + _LAST_CHUNK)
    yield Cover("POST", [chunked], chunk, b"\r\n" + _LAST_CHUNK, "1.0")
    yield Cover("POST", [chunked], b'1;note="a\nb"\r\nx\r\n' + _LAST_CHUNK)
    yield Cover("POST", [chunked], b"0;note=value\r\n\r\n")
    yield Cover("POST", [chunked], b"00000000000000000000\r\n\r\n")
    yield Cover("POST", [chunked], b"0\n\n")
    yield Cover("POST", [chunked, (LENGTH, behind_last)], _LAST_CHUNK)
    yield Cover("POST", [(LENGTH, behind_last), chunked], _LAST_CHUNK)
    yield Cover("POST", [chunked, (LENGTH, str(len(chunk)))], chunk, b"\r\n" + _LAST_CHUNK)
    yield Cover("POST", [chunked, chunked])
    for one, other in ((size, "0"), ("0", size)):
        yield Cover("POST", [(LENGTH, one), (LENGTH, other)])
        yield Cover("POST", [(LENGTH, f"{one}, {other}")])
    for odd in (f"+{size}", f"-{size}", f"{length:#x}", f"{size} 0"):
        yield Cover("POST", [(LENGTH, odd)])
    for veiled in _VEILED:
        yield Cover("POST", [(LENGTH, behind_last), veiled], _LAST_CHUNK)
    yield Cover("POST", [(LENGTH, "0")])
    yield Cover("GET", [("Upgrade", "websocket"), ("Connection", "Upgrade")])


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    strangers = cycle(plan.made_up)
    for mode in plan.modes:
        for index, _ in enumerate(_covers(0)):
            for outer, inner in _pairs(plan, mode):
                yield _smuggled(plan, next(turn), next(strangers), outer, inner, index)


def _pairs(plan: Plan, mode: str) -> Iterator[tuple[Place, Place]]:
    """Where the outer and the inner request go: permitted in ordinary, and the reverse."""
    site = plan.rng.choice(plan.sites) if plan.sites else None
    for outer, inner in ((None, site), (site, None), (None, None)):
        yield plan.place_of(outer, mode), plan.place_of(inner, mode)


def _smuggled(
    plan: Plan, handset: str, number: str, outer: Place, inner: Place, index: int
) -> Connection:
    made_up = not _comes_from_the_core(plan)
    hidden = plan.request(
        FAMILY.id,
        handset,
        inner.host,
        mode=inner.mode,
        path=inner.path,
        headers=[(plan.policy.header, number)] if made_up else [],
        forged=[number] if made_up else [],
        binding=False,
        hidden=True,
    )
    cover = list(_covers(len(hidden.raw)))[index]
    covering = plan.request(
        FAMILY.id,
        handset,
        outer.host,
        mode=outer.mode,
        path=outer.path,
        method=cover.method,
        version=cover.version,
        headers=cover.headers,
        binding=False,
    )
    covering = replace(covering, raw=covering.raw + cover.before)
    hidden = replace(hidden, raw=hidden.raw + cover.behind)
    return plan.connected((covering, hidden), outer.host, manner=_MANNER)


def _comes_from_the_core(plan: Plan) -> bool:
    """Whether the policy's header is the one that the packet core sets. Then it takes the handset's
    own away from every request, and a gateway may count on that."""
    sessions = plan.spec.sessions
    return (
        isinstance(sessions, HeaderSessions) and sessions.name.lower() == plan.policy.header.lower()
    )


FAMILY = Family(
    "smuggled",
    "Handsets hide a second request, to another site, in or behind the body of a first one.",
    2,
    generate,
)
