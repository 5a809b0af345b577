"""A candidate is judged again on every save; what is shown is what has changed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import pytest
from tests.unit.fakes import SITES, Checkout, FakeSession, policy_of, sound_record
from tests.unit.test_terminal import LEAK, MISSING

from headgate import changes
from headgate.errors import LabError
from headgate.gate.session import Session
from headgate.gate.watching import Watching
from headgate.policy import Policy
from headgate.verdict import Verdict

POLICY = """\
identifier: {header: x-up-calling-line-id, value: "{msisdn}"}
consent: required
sites:
  - {host: premium.example, category: premium}
"""
DAY = """
Feature: A day

  Example: In the morning
    Given a gateway
    Then all is well

  Example: At noon
    Given a gateway
    Then all is well
"""

# What is shown of two verdicts

APPROVAL = Verdict("a", "", "approved", "every rule held", seconds=3.21)
REJECTION = Verdict("a", "", "rejected", "leak: a header", (LEAK,), seconds=3.21)


def changed(before: Verdict | None, now: Verdict) -> list[str]:
    return list(changes.changes(before, now))


def test_the_first_verdict_is_shown_whole() -> None:
    assert changed(None, APPROVAL) == ["approved (3.2 s)", "  every rule held"]
    first, reason, new, *rows = changed(None, REJECTION)
    assert (first, reason, new) == ("rejected (3.2 s)", "  leak: a header", "  new:")
    assert len(rows) == 2
    assert "leak" in rows[1]


def test_a_verdict_that_stays_is_one_line() -> None:
    elsewhere = replace(LEAK, site="other.example", count=3)
    again = replace(REJECTION, findings=(LEAK, elsewhere))
    assert changed(APPROVAL, replace(APPROVAL, seconds=4)) == ["approved as before (4.0 s)"]
    assert changed(REJECTION, again) == ["rejected as before (3.2 s)"]


def test_findings_that_come_and_go_are_told_apart() -> None:
    now = replace(REJECTION, findings=(MISSING,), reason="missing")
    first, new, _, added, gone, _, lost = changed(REJECTION, now)
    assert first == "rejected as before (3.2 s)"
    assert (new, gone) == ("  new:", "  gone:")
    assert added.split()[0] == "missing"
    assert lost.split()[0] == "leak"


def test_a_verdict_that_changes_says_what_it_was() -> None:
    assert changed(REJECTION, APPROVAL)[0] == "approved, and was rejected (3.2 s)"
    refused = Verdict("a", "", "not-judged", "does not load", words="[emerg] no\x1b", seconds=1)
    assert changed(APPROVAL, refused) == [
        "not-judged, and was approved (1.0 s)",
        "  does not load",
        "  | [emerg] no\\x1b",
    ]
    assert changed(refused, refused) == ["not-judged as before (1.0 s)"]


# On real saves, with a session that has no lab


@dataclass
class Opened(FakeSession):
    """A session that tells the test of each scenario, and waits there while it is told to."""

    told: queue.SimpleQueue[str] | None = None
    gone_on: threading.Event | None = None

    def __enter__(self) -> Self:
        self._tell("a lab")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell("no lab")

    def progress(self, line: str) -> None:
        self._tell(line)
        if line == "In the morning" and self.gone_on:
            assert self.gone_on.wait(20)

    def _tell(self, line: str) -> None:
        assert self.told
        self.told.put(line)


class Ended(Exception):
    """The test is over."""


class Watched:
    """`headgate watch` in a thread; what it says and does comes in a queue."""

    def __init__(self, checkout: Checkout, folder: Path) -> None:
        self.candidate = checkout.candidate
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY)
        (checkout.root / "features" / "day.feature").write_text(DAY)
        self.told: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.gone_on = threading.Event()
        self.gone_on.set()
        self.record = sound_record()
        self.failure: BaseException | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over = True
            self.gone_on.set()
            (self.candidate / "over").write_text("")  # it wakes to find that it is to end
            self._thread.join(20)
            assert not self._thread.is_alive()

    def _run(self) -> None:
        watching = Watching(
            self.candidate,
            self.policy,
            [],
            session=self._open,
            say=self.told.put,
            progress=self._progress,
        )
        with pytest.raises(Ended):
            watching.run()

    def _open(self, policy: Policy) -> Session:
        self._assert_not_over()
        if self.failure:
            raise self.failure
        rules = policy_of(*SITES)
        opened = Opened(rules, self.record, told=self.told, gone_on=self.gone_on)
        return cast("Session", opened)

    def _progress(self, line: str) -> None:
        self._assert_not_over()
        self.told.put(line)

    def _assert_not_over(self) -> None:
        if self._over:
            raise Ended

    def until(self, words: str) -> list[str]:
        """What it tells until it tells these words, them included."""
        found = [self.told.get(timeout=20)]
        while words not in found[-1]:
            found.append(self.told.get(timeout=20))
        return found


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(Checkout(tmp_path, monkeypatch), tmp_path)


WAITING = "waiting for a save"


def test_each_save_is_judged_in_the_same_lab(watched: Watched) -> None:
    with watched.running():
        first = watched.until(WAITING)
        assert first[0] == "a lab"
        assert first[1:3] == ["In the morning", "At noon"]
        assert "approved (" in first[3]
        (watched.candidate / "nginx.conf").write_text("events { }\n")
        again = watched.until(WAITING)
        assert again[:2] == ["In the morning", "At noon"]
        assert "approved as before" in again[2]


def test_a_save_that_changes_nothing_is_not_judged(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        (watched.candidate / "nginx.conf").write_text("events {}\n")
        assert watched.until(WAITING) == [WAITING]


def test_a_save_of_how_the_gateway_is_run_is_judged(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        (watched.candidate / "gateway.yaml").write_text("ports: {transparent: null}\n")
        assert "In the morning" in watched.until(WAITING)


def test_another_policy_takes_another_lab(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        watched.policy.write_text(POLICY.replace("premium.example", "other.example"))
        assert watched.until("as before")[:3] == ["no lab", "a lab", "In the morning"]


def test_a_policy_that_cannot_be_read_is_waited_for(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        watched.policy.write_text(POLICY.replace("sites:", "sitse:"))
        told = watched.until(WAITING)
        assert "unknown key `sitse`: did you mean `sites`?" in "\n".join(told)
        watched.policy.write_text(POLICY)
        assert watched.until("as before")[0] == "a lab"


def test_a_run_is_given_up_when_what_it_judges_is_saved_anew(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        watched.gone_on.clear()
        (watched.candidate / "nginx.conf").write_text("events { }\n")
        watched.until("In the morning")
        (watched.candidate / "nginx.conf").write_text("events {  }\n")
        watched.gone_on.set()
        told = watched.until("as before")
        assert told[0].endswith("given up: saved anew in the meantime")
        assert told[1:3] == ["In the morning", "At noon"]


def test_a_run_goes_on_when_a_save_makes_no_difference(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        watched.gone_on.clear()
        (watched.candidate / "nginx.conf").write_text("events { }\n")
        watched.until("In the morning")
        (watched.candidate / "nginx.conf").write_text("events { }\n")
        watched.gone_on.set()
        assert watched.until("as before")[0] == "At noon"


def test_a_candidate_that_goes_and_comes_is_judged_as_it_stands(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        config = watched.candidate / "nginx.conf"
        config.unlink()
        assert "not-judged, and was approved" in watched.until(WAITING)[0]
        config.write_text("events {}\n")
        assert "approved, and was not-judged" in "\n".join(watched.until(WAITING))


def test_a_lab_that_does_not_come_up_is_tried_again_after_a_save(watched: Watched) -> None:
    with watched.running():
        watched.until(WAITING)
        watched.failure = LabError("no engine answers")
        watched.policy.write_text(POLICY.replace("premium.example", "other.example"))
        assert watched.until(WAITING)[1].endswith("not-judged: no engine answers")
        watched.failure = None
        (watched.candidate / "nginx.conf").write_text("events { }\n")
        assert watched.until("as before")[0] == "a lab"
