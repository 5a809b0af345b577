"""What is said of findings that have one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from headgate.answer import Answer
from headgate.explain.template import Numbers
from headgate.internet import Internet
from headgate.request import Connection, Manner, Request


@dataclass(frozen=True)
class Place:
    """A line of the candidate, and what it does as it stands there: "sets", "lets through" or
    "condition"."""

    file: str
    line: int
    text: str
    does: str


@dataclass(frozen=True)
class Minimal:
    """The least that shows a finding again: a connection without any number in it. One that did not
    show it again when it was sent once is not `certain`, and is as it was sent at first. `then`,
    `compared` and `hour` are the way to ask for it (`ways.Way`), `guest` is who holds the address
    (`ways.guest_called`); if `tagged` it needs a token of its own."""

    kind: str
    where: str
    handset: str
    to: str
    port: int
    requests: tuple[Mapping[str, Any], ...]
    pipelined: bool = False
    manner: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = True
    then: str = ""
    compared: bool = False
    hour: int | None = None
    guest: str = ""
    tagged: bool = False


@dataclass(frozen=True)
class Explanation:
    """`findings` are the ids of those that go when the first of the `places` is mended."""

    findings: tuple[str, ...]
    sentence: str
    request: Minimal | None = None
    curl: str = ""
    places: tuple[Place, ...] = ()


def explanation_from(plain: Mapping[str, Any]) -> Explanation:
    """The explanation that stands in `verdict.json`."""
    request = plain["request"]
    return Explanation(
        tuple(plain["findings"]),
        plain["sentence"],
        request and Minimal(**{**request, "requests": tuple(request["requests"])}),
        plain["curl"],
        tuple(Place(**place) for place in plain["places"]),
    )


def kept(
    connection: Connection,
    kind: str,
    where: str,
    numbers: Numbers,
    internet: Internet,
    *,
    certain: bool = True,
) -> Minimal:
    """A connection as it may be written down."""
    manner = {
        **asdict(connection.manner),
        "preamble": numbers.template(connection.manner.preamble),
    }
    name = internet.name(connection.address)
    usual = asdict(Manner()) | {"preamble": ""}
    return Minimal(
        kind,
        where,
        connection.handset,
        name,
        connection.port,
        tuple(_kept(one, numbers) for one in connection.requests),
        connection.pipelined,
        {key: value for key, value in manner.items() if value != usual[key]},
        certain,
    )


def _kept(request: Request, numbers: Numbers) -> dict[str, Any]:
    answer = asdict(request.answer) if request.answer else None
    if answer:
        answer = {key: _text(value, numbers) for key, value in answer.items()}
    return {
        "raw": numbers.template(request.raw),
        "token": request.token,
        "mode": request.mode,
        "host": request.host,
        "binding": request.binding,
        "hidden": request.hidden,
        "forged": [numbers.template(one) for one in request.forged],
        "answer": answer,
    }


def _text(value: object, numbers: Numbers) -> object:
    return numbers.template(value) if isinstance(value, bytes) else value


def restored(minimal: Mapping[str, Any], numbers: Numbers, internet: Internet) -> Connection:
    """The connection that was written down. KeyError and TypeError where it is none."""
    manner = dict(minimal["manner"])
    if "preamble" in manner:
        manner["preamble"] = numbers.filled(manner["preamble"])
    requests = tuple(_restored(one, minimal, numbers) for one in minimal["requests"])
    address = internet.address(minimal["to"])
    return Connection(requests, address, minimal["port"], minimal["pipelined"], Manner(**manner))


def _restored(one: Mapping[str, Any], minimal: Mapping[str, Any], numbers: Numbers) -> Request:
    answer = one["answer"]
    if answer:
        as_bytes = {key: numbers.filled(answer[key]) for key in ("head", "body", "interim")}
        answer = Answer(**{**answer, **as_bytes})
    return Request(
        one["token"],
        "explained",
        minimal["handset"],
        one["mode"],
        one["host"],
        numbers.filled(one["raw"]),
        one["binding"],
        tuple(map(numbers.filled, one["forged"])),
        answer,
        one["hidden"],
    )
