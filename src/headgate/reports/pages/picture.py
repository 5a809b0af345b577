"""The lab in a picture: who sent what, and what arrived where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headgate.record import Evidence
from headgate.reports.pages.view import count, plural

# Sizes in the picture's own units: as narrow as a telephone's screen, so that it is read there.
WIDTH, HEIGHT = 344, 352
_BOX, _GAP = 104, 16


@dataclass(frozen=True)
class Box:
    """A party of the lab: its `lines` are what is said in it."""

    x: int
    y: int
    width: int
    height: int
    lines: Sequence[str]
    tone: str = ""


@dataclass(frozen=True)
class Arrow:
    """What flowed from a party to another; `tone` is `bad` for what should not have."""

    x1: int
    y1: int
    x2: int
    y2: int
    tone: str = ""


@dataclass(frozen=True)
class Picture:
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    words: str


def picture(evidence: Evidence) -> Picture | None:
    """The picture, where anything flowed."""
    flow = evidence.traffic
    if not flow.handsets:
        return None
    numbers = sum(one.number for one in evidence.matrix.cells)
    wrong = _wrong(evidence)
    ways = " · ".join(f"{count(sent)} {mode}" for mode, sent in flow.modes.items())
    sites = [
        ["permitted sites", plural(flow.permitted_sites, "site"),
         plural(flow.permitted, "request"), f"{count(numbers)} numbers"],
        ["ordinary sites", plural(flow.ordinary_sites, "site"),
         plural(flow.ordinary, "request"), f"{plural(wrong, 'leak')}"],
        ["DNS and store", "asked by it:", plural(flow.resolver, "question"),
         plural(flow.store, "connection")],
    ]  # fmt: skip
    boxes = [
        Box(70, 6, 204, 58, [plural(flow.handsets, "handset"), ways]),
        Box(70, 132, 204, 58, ["the gateway", f"{plural(flow.refused, 'request')} refused"], "own"),
        *_below(sites, bad=wrong > 0),
    ]
    arrows = [Arrow(172, 64, 172, 128), *_fan(bad=wrong > 0)]
    return Picture(boxes, arrows, _words(evidence, numbers, wrong))


def _wrong(evidence: Evidence) -> int:
    """Requests of which somebody who is permitted nothing has learned something."""
    matrix = evidence.matrix
    return sum(one.wrong for one in matrix.cells if one.group not in matrix.permitted)


def _below(sites: Sequence[Sequence[str]], *, bad: bool) -> Iterator[Box]:
    for number, lines in enumerate(sites):
        tone = "bad" if bad and number == 1 else ""
        yield Box(number * (_BOX + _GAP), 256, _BOX, 90, lines, tone)


def _fan(*, bad: bool) -> Iterator[Arrow]:
    for number in range(3):
        x = number * (_BOX + _GAP) + _BOX // 2
        start = 172 + (x - 172) // 3
        yield Arrow(start, 190, x, 252, "bad" if bad and number == 1 else "")


def _words(evidence: Evidence, numbers: int, wrong: int) -> str:
    """The same for whoever does not see it."""
    flow = evidence.traffic
    return (
        f"{plural(flow.handsets, 'handset')} sent {plural(sum(flow.modes.values()), 'request')} "
        f"to the gateway, which refused {count(flow.refused)}. "
        f"{plural(flow.permitted_sites, 'permitted site')} received "
        f"{plural(flow.permitted, 'request')}, {count(numbers)} with a number as granted. "
        f"{plural(flow.ordinary_sites, 'ordinary site')} received "
        f"{plural(flow.ordinary, 'request')}; {count(wrong)} of all requests told something to "
        f"somebody who is permitted nothing. The gateway asked {plural(flow.resolver, 'name')} "
        f"and opened {plural(flow.store, 'connection')} to the session store."
    )
