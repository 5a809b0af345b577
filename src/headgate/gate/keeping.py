"""Keeping what a run on one candidate leaves beside its verdict: evidence as it came.

Nothing of it decides anything. It is written to a folder while the run goes on, so that it needs no
memory, and only when somebody has asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from headgate.candidate import Candidate
from headgate.errors import HeadgateError
from headgate.gate import plugin
from headgate.gate.gate import Gate
from headgate.gateway_spec import FILE_NAME
from headgate.request import Outcome, Receipt
from headgate.trial import Observation

# What is kept of one run: bytes. A usual one has a third of that.
MOST_CAPTURED = 48 << 20
MOST_EXCHANGED = 48 << 20
# So much of an answer is kept: what tells of a person stands in its head.
_MOST_ANSWERED = 2 << 10


@dataclass
class Kept:
    """One run's: the candidate as it was loaded, with its gateway.yaml; what pytest wrote as JUnit;
    and the raw evidence, files by the names that the layout of a bundle has for them."""

    candidate: Candidate
    settings: bytes | None
    junit: Path
    capture: Path | None = None
    exchanges: Path | None = None
    features: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


class Keeper:
    """A pytest plugin that looks on; one for all the runs of a call. `raw` says whether anybody
    wants more than JUnit."""

    def __init__(self, folder: Path, *, raw: bool) -> None:
        self._folder = folder
        self._raw = raw
        self._runs = 0
        self._kept: Kept | None = None
        self._gate: Gate | None = None
        self._exchanges: _Exchanges | None = None

    def take(self) -> Kept | None:
        """What has been kept since it was last asked; None when no features were run."""
        kept, self._kept, self._gate = self._kept, None, None
        if self._exchanges and kept:
            self._exchanges.close()
            kept.exchanges = self._exchanges.path
            kept.missing += self._exchanges.missing
            self._exchanges = None
        return kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        _, candidate = config.stash[plugin.GIVEN]
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        settings = candidate.path / FILE_NAME
        self._kept = Kept(
            candidate, settings.read_bytes() if settings.is_file() else None, folder / "junit.xml"
        )
        # What `--junitxml` would set; pytest's own plugin looks at it after this one.
        config.option.xmlpath = str(self._kept.junit)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        value = yield
        if fixturedef.argname == "gate" and self._raw:
            assert self._kept
            self._gate = value
            self._exchanges = _Exchanges(self._kept.junit.with_name("exchanges.jsonl"))
            value.observers.append(self._exchanges)
        return value

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, nextitem: pytest.Item | None) -> None:
        """The last moment at which the lab still has what it recorded."""
        if nextitem is None and self._gate and self._kept:
            self._kept.capture = self._kept.junit.with_name("capture.pcap")
            with suppress(HeadgateError):  # a node that is lost is told of elsewhere
                _write(self._kept.capture, self._gate.recording(MOST_CAPTURED))


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


class _Exchanges:
    """What handsets sent and what came of it: a line of JSON for each request, bytes as Latin-1."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.missing: list[str] = []
        self._file: IO[str] = path.open("w", encoding="utf-8")
        self._left = MOST_EXCHANGED
        self._lost = 0

    def __call__(self, observed: Observation) -> None:
        for line in _lines(observed):
            self._left -= len(line)
            if self._left < 0:
                self._lost += 1
            else:
                self._file.write(line)

    def close(self) -> None:
        self._file.close()
        if self._lost:
            self.missing.append(f"{self._lost} exchanges did not fit into {self.path.name}")


def _lines(observed: Observation) -> Iterator[str]:
    for outcome in observed.outcomes:
        yield json.dumps(_exchange(outcome)) + "\n"
    for receipt in observed.strays:
        yield json.dumps({"request": None, "arrived": [_arrived(receipt)]}) + "\n"


def _exchange(outcome: Outcome) -> dict[str, Any]:
    request, holder = outcome.request, outcome.subscriber
    return {
        "request": request.id,
        "handset": request.handset,
        "holder": {"msisdn": holder.msisdn, "consent": holder.consent} if holder else None,
        "known": outcome.known,
        "mode": request.mode,
        "host": request.host,
        "sent": request.raw.decode("latin-1"),
        "answer": outcome.response[:_MOST_ANSWERED].decode("latin-1") if outcome.response else None,
        "error": outcome.error,
        "arrived": [_arrived(receipt) for receipt in outcome.receipts],
    }


def _arrived(receipt: Receipt) -> dict[str, Any]:
    return {
        "site": receipt.site,
        "address": receipt.address,
        "port": receipt.port,
        "kind": receipt.kind,
        "whole": receipt.whole,
        "data": receipt.data.decode("latin-1"),
    }
