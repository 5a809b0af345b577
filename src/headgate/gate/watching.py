"""`headgate watch`: a candidate is judged again on every save, in a lab that stays up.

A run is given up when what it judges has been saved otherwise in the meantime: its verdict would be
about a text that is no more, and whoever has saved waits for the next one. The scenario under way
is carried to its end, so that the lab stays as it is. A policy that has changed takes a new lab,
with a control of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from headgate import resources
from headgate.candidate import Candidate
from headgate.changes import changes
from headgate.errors import InputError, LabError
from headgate.gate.check import check, load
from headgate.gate.session import Progress, Session
from headgate.policy import Policy, load_policy
from headgate.saves import Saves
from headgate.verdict import Verdict

Open = Callable[[Policy], Session]
"""Opens a session under a policy."""
Say = Callable[[str], None]

GIVEN_UP = "given up: saved anew in the meantime"


@dataclass(frozen=True)
class _Text:
    """All that a verdict depends on, as it stands now. Two that are equal are judged alike."""

    policy: Policy | str
    candidate: Candidate | Verdict
    features: tuple[tuple[str, bytes], ...]


class Watching:
    """One candidate, one policy file, and the user's own features, if any."""

    def __init__(
        self,
        candidate: Path,
        policy: Path,
        features: Sequence[Path],
        *,
        session: Open,
        say: Say,
        progress: Progress,
    ) -> None:
        self._candidate = candidate
        self._policy = policy
        self._features = features
        self._session = session
        self._say = say
        self._progress = progress
        self._before: Verdict | None = None
        self._saves = Saves(trees=[candidate, *features], files=[policy])

    def run(self) -> NoReturn:
        """Judge, and judge again, until somebody interrupts."""
        with self._saves:
            text = self._read()
            while True:
                text = self._under_one_policy(text)

    def _under_one_policy(self, text: _Text) -> _Text:
        """What stands there when the policy has changed, or when there was no lab to judge in."""
        if isinstance(text.policy, str):
            self._tell([text.policy])
            return self._other_than(text)
        try:
            with self._session(text.policy) as session:
                return self._in_lab(session, text)
        except LabError as error:
            self._tell([f"not-judged: {error}"])
            return self._other_than(text)

    def _in_lab(self, session: Session, text: _Text) -> _Text:
        """Judge in one lab as long as it and the policy last; what stands there then."""
        policy = text.policy
        if isinstance(text.candidate, Candidate):
            session.expect(text.candidate)  # one more than is asked for: the next run finds it made
        while text.policy == policy:
            givingup = _GivingUp(self._saves, lambda text=text: self._read() != text)  # type: ignore[misc]
            (verdict,) = check(session, [self._candidate], self._features, [givingup])
            if givingup.given_up:
                self._tell([GIVEN_UP])
                self._saves.settle()
                text = self._read()
                continue
            self._tell(changes(self._before, verdict))
            self._before = verdict
            text = self._other_than(text)
            if session.lost:
                break
        return text

    def _other_than(self, text: _Text) -> _Text:
        """Wait until what stands there is not this any more."""
        while (found := self._read()) == text:
            self._progress("waiting for a save")
            self._saves.wait()
        return found

    def _read(self) -> _Text:
        self._saves.look_again()
        try:
            policy: Policy | str = load_policy(self._policy)
        except InputError as error:
            policy = f"not-judged: {error}"
        defaults = resources.root() / "gateway_config" / "gateway.yaml"
        return _Text(policy, load(self._candidate, defaults), tuple(_contents(self._features)))

    def _tell(self, lines: Iterable[str]) -> None:
        first, *more = lines
        self._say(f"{time.strftime('%H:%M:%S')}  {self._candidate}: {first}")
        for line in more:
            self._say(line)


class _GivingUp:
    """A pytest plugin: ends the run behind the scenario in which what it judges was changed."""

    def __init__(self, saves: Saves, changed: Callable[[], bool]) -> None:
        self._saves = saves
        self._changed = changed
        self.given_up = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        result = yield
        if self._saves.happened() and self._changed():
            self.given_up = True
            item.session.shouldstop = GIVEN_UP
        return result


def _contents(folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.feature")):
            if path.is_file():
                yield str(path), path.read_bytes()
