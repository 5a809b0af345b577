"""Tunnels (CONNECT, RFC 9110, 9.3.6) and ports that are not the web's: they carry no number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from headgate.families import Family
from headgate.plan import AGENT, AUTHORITY, Place, Plan
from headgate.request import TRANSPARENT, Connection, Manner, Request

PORTS = (443, 80, 8080, 25)
OTHER_PORTS = (443, 8080)
_MANNER = Manner(lingers=0.05, patience=1.0)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    """A gateway may refuse a tunnel; where it serves one, its first bytes follow at once."""
    turn = cycle(visitors)
    for port in PORTS:
        for place in plan.places():
            yield _tunnel(plan, next(turn), place, port)
    if TRANSPARENT in plan.modes:
        for port in OTHER_PORTS:
            host = plan.ordinary_hosts(1)[0]
            inside = _inside(plan, next(turn), Place(host, "/", 80, TRANSPARENT), port)
            manner = Manner(awaits=False, lingers=0.05)
            yield plan.connected((inside,), host, port=port, manner=manner)


def _tunnel(plan: Plan, handset: str, place: Place, port: int) -> Connection:
    opening = plan.request(
        FAMILY.id,
        handset,
        f"{place.host}:{port}",
        mode=place.mode,
        method="CONNECT",
        form=AUTHORITY,
        token_in=AGENT,
        binding=False,
    )
    inside = _inside(plan, handset, place, port)
    return plan.connected((opening, inside), place.host, manner=_MANNER)


def _inside(plan: Plan, handset: str, place: Place, port: int) -> Request:
    if port == 443:
        return _hello(plan, handset, place)
    host = place.host if port == 80 else f"{place.host}:{port}"
    return plan.request(
        FAMILY.id,
        handset,
        host,
        mode=place.mode,
        form=TRANSPARENT,
        path=place.path,
        binding=False,
        hidden=True,
    )


def _hello(plan: Plan, handset: str, place: Place) -> Request:
    token = plan.token()
    raw = client_hello(place.host, _around(plan, token), plan.rng.randbytes(32))
    return Request(token, FAMILY.id, handset, place.mode, place.host, raw, False, hidden=True)


def _around(plan: Plan, token: str) -> bytes:
    """A session id of 32 bytes with the token in it; what is beside it is no letter or digit."""
    beside = bytes(plan.rng.choices(range(128, 256), k=32 - len(token)))
    return beside[:10] + token.encode() + beside[10:]


def client_hello(host: str, session_id: bytes, random: bytes) -> bytes:
    """What a TLS 1.2 client says first (RFC 5246, 7.4.1.2), with the host's name (RFC 6066, 3)."""
    name = b"\0" + _vector(host.encode("ascii"), 2)
    server_name = b"\0\0" + _vector(_vector(name, 2), 2)
    groups = b"\0\x0a" + _vector(_vector(b"\0\x17\0\x1d", 2), 2)
    signatures = b"\0\x0d" + _vector(_vector(b"\x04\x03\x04\x01", 2), 2)
    suites = _vector(b"\xc0\x2b\xc0\x2f\0\x9c\0\x2f", 2)
    extensions = _vector(server_name + groups + signatures, 2)
    hello = b"\x03\x03" + random + _vector(session_id, 1) + suites + b"\x01\0" + extensions
    return b"\x16\x03\x01" + _vector(b"\x01" + _vector(hello, 3), 2)


def _vector(data: bytes, size: int) -> bytes:
    """Bytes behind their length, which is of so many bytes."""
    return len(data).to_bytes(size, "big") + data


FAMILY = Family(
    "tunnel",
    "Handsets open tunnels through the gateway, and connect to ports that are not the web's.",
    2,
    generate,
)
