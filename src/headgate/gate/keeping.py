"""Keeping what a run on one candidate leaves beside its verdict: evidence as it came.

Nothing of it decides anything. It is written to a folder while the run goes on, so that it needs no
memory, and only when somebody has asked for it.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from headgate.candidate import Candidate
from headgate.errors import HeadgateError, LabError
from headgate.gate.gate import Gate
from headgate.gate.terms import Keeping
from headgate.gateway_spec import FILE_NAME
from headgate.numbers import mask_numbers
from headgate.policy import Policy
from headgate.reports.junit import masked
from headgate.request import Outcome, Receipt
from headgate.trial import Observation

# What is kept of one run: bytes, before they are compressed. A usual run has a quarter of that.
MOST_CAPTURED = 128 << 20
MOST_EXCHANGED = 96 << 20
# So much is kept of one message, and of an answer: what tells of a person stands in a head, and
# the capture has the rest.
_MOST_SENT = 4 << 10
_MOST_ANSWERED = 512
# Bytes of messages that wait to be written. A usual run has less than half of that.
_MOST_HELD = 32 << 20


@dataclass
class Kept:
    """One run's: the candidate as it was loaded, with its gateway.yaml; the policy's text; what
    pytest wrote as JUnit, masked; and files of raw evidence. `missing` says what there is not."""

    candidate: Candidate
    policy: bytes
    settings: bytes | None = None
    junit: bytes | None = None
    captures: list[Path] = field(default_factory=list)
    exchanges: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Keeper:
    """A pytest plugin that looks on at one run."""

    def __init__(self, keeping: Keeping, policy: Policy, candidate: Candidate) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=keeping.folder))
        self._raw = keeping.raw
        settings = candidate.path / FILE_NAME
        self._kept = Kept(candidate, policy.source)
        if settings.is_file():
            self._kept.settings = settings.read_bytes()
        self._junit = self._folder / "junit.xml"
        self._shown: Callable[[str], str] = mask_numbers
        self._exchanges: _Exchanges | None = None
        self._fetching = ThreadPoolExecutor(1, "fetching the capture")
        self._captured: Future[list[str]] | None = None

    def kept(self, others: Iterable[Kept] = ()) -> Kept:
        """What has been kept, when the run is over; what the others have that share it, too.
        HeadgateError when there was no room for it."""
        try:
            self._kept.missing += self._captured.result() if self._captured else []
            if self._junit.exists():
                self._kept.junit = masked(self._junit.read_bytes(), self._shown)
            if self._exchanges:
                self._exchanges.close()
                self._kept.exchanges.append(self._exchanges.path)
                self._kept.missing += self._exchanges.missing
        except OSError as error:
            raise HeadgateError(f"{self._folder}: cannot be written: {error.strerror}") from error
        for one in others:
            self._kept.captures += one.captures
            self._kept.exchanges += one.exchanges
            self._kept.missing += one.missing
        return self._kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        # What `--junitxml` would set; pytest's own plugin looks at it after this one.
        config.option.xmlpath = str(self._junit)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        value = yield
        if fixturedef.argname == "running":
            self._shown = value.tally.shown
            if self._raw:
                self._exchanges = _Exchanges(self._folder / "exchanges.jsonl.gz")
                value.observers.append(self._exchanges)
                value.farewells.append(self._capture)
        return value

    def _capture(self, gate: Gate) -> None:
        """Fetched while the run goes on, and so is what waits to be written: 0.2 s each."""
        if self._exchanges:
            self._exchanges.write()
        path = self._folder / "capture.pcap.gz"
        if not gate.has_ended:
            self._kept.missing.append(f"{_BROKEN_OFF} the run ended before the gateway did.")
        try:
            parts = gate.recording(MOST_CAPTURED)
        except LabError:
            self._kept.missing.append(_LOST)
            return
        self._captured = self._fetching.submit(_write, path, parts)
        self._kept.captures.append(path)


_BROKEN_OFF = "The capture lacks its end:"
_LOST = f"{_BROKEN_OFF} the lab failed."


def _write(path: Path, parts: Iterable[bytes]) -> list[str]:
    """Write them to the file; what is missing in it, in words."""
    with path.open("wb") as file:
        try:
            for part in parts:
                file.write(part)
        except LabError:  # a node that is lost is told of elsewhere
            return [_LOST]
    return []


class _Exchanges:
    """What handsets sent and what came of it, in gzip: a line of JSON for each request, its bytes
    as Latin-1. It waits until whoever judges is in no hurry any more, or there is too much of it,
    and is written beside the run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.missing: list[str] = []
        self._file: IO[bytes] = path.open("wb")
        self._writing = ThreadPoolExecutor(1, "keeping exchanges")
        self._waiting: list[Observation] = []
        self._held = 0
        self._left = MOST_EXCHANGED
        self._lost = 0
        self._last: Future[None] | None = None

    def __call__(self, observed: Observation) -> None:
        self._waiting.append(observed)
        self._held += sum(map(_size, observed.outcomes)) + sum(map(_bytes, observed.strays))
        if self._held > _MOST_HELD:
            self.write()

    def write(self) -> None:
        """Begin to write what waits."""
        waiting, self._waiting, self._held = self._waiting, [], 0
        for observed in waiting:
            self._last = self._writing.submit(self._write, observed, self._last)

    def _write(self, observed: Observation, before: Future[None] | None) -> None:
        if before:
            before.result()  # what went wrong once is told at the end
        lines = list(_lines(observed))
        while lines and sum(map(len, lines)) > self._left:
            lines.pop()
            self._lost += 1
        self._left -= sum(map(len, lines))
        if lines:
            self._file.write(gzip.compress("".join(lines).encode(), 1, mtime=0))

    def close(self) -> None:
        """Wait for the last of them. OSError when there was no room for one."""
        self.write()
        self._writing.shutdown()
        self._file.close()
        if self._last:
            self._last.result()
        if self._lost:
            self.missing.append(f"{self._lost} exchanges did not fit into {self.path.name}.")


def _size(outcome: Outcome) -> int:
    return len(outcome.response or b"") + sum(map(_bytes, outcome.receipts))


def _bytes(receipt: Receipt) -> int:
    return len(receipt.data)


def _lines(observed: Observation) -> Iterator[str]:
    for outcome in observed.outcomes:
        yield json.dumps(_exchange(outcome)) + "\n"
    for receipt in observed.strays:
        yield json.dumps({"request": None, "arrived": [_arrived(receipt)]}) + "\n"


def _exchange(outcome: Outcome) -> dict[str, Any]:
    request, holder, answer = outcome.request, outcome.subscriber, outcome.response
    return {
        "request": request.id,
        "handset": request.handset,
        "holder": {"msisdn": holder.msisdn, "consent": holder.consent} if holder else None,
        "known": outcome.known,
        "mode": request.mode,
        "host": request.host,
        "size": len(request.raw),
        "sent": request.raw[:_MOST_SENT].decode("latin-1"),
        "answer": None if answer is None else answer[:_MOST_ANSWERED].decode("latin-1"),
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
        "size": len(receipt.data),
        "data": receipt.data[:_MOST_SENT].decode("latin-1"),
    }
