"""Which process carries out which scenario, where several share a run: plugins of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headgate.gate import plugin
from headgate.gate.collect import is_scenario, title_of
from headgate.gate.workers import Failed

if TYPE_CHECKING:
    from headgate.gate.sharing import Helpers, Turns

_LOOKING_BACK = "at_the_end"


class TakingTurns:
    """A pytest plugin: carries out the scenarios that this process takes."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._taken: int | None = -1
        self._at = -1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """True says to pytest that there is no more to do about an item."""
        if not is_scenario(item) or item.get_closest_marker(_LOOKING_BACK):
            return self._alone(item)
        self._at += 1
        if self._taken is not None and self._taken < self._at:
            self._taken = self._turns.take()
        return None if self._taken == self._at else True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """pytest has left in place what the next item needs, which another process may have."""
        item.session._setupstate.teardown_exact(item)

    def _alone(self, item: pytest.Item) -> bool | None:
        """What is nobody's to take is left to the process that makes the verdict."""
        return True


class Leading(TakingTurns):
    """In the process that makes the verdict. It hears what the others have done before anything
    is carried out that looks back."""

    def __init__(self, helpers: Helpers) -> None:
        super().__init__(helpers.turns)
        self._helpers = helpers
        self._left: list[pytest.Item] = []

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        left = super().pytest_runtest_protocol(item)
        if left:
            self._left.append(item)
        return left

    def _alone(self, item: pytest.Item) -> bool | None:
        if item.get_closest_marker(_LOOKING_BACK):
            self._hear(item.config)
        return None

    def _hear(self, config: pytest.Config) -> None:
        recorder = config.stash[plugin.RECORDER]
        for share in self._helpers.shares():
            if isinstance(share, Failed):
                recorder.problems.append(f"a part of the run is lost: {share.why}")
                continue
            recorder.hear(share)
            for plain in share.reports:
                report = config.hook.pytest_report_from_serializable(config=config, data=plain)
                config.hook.pytest_runtest_logreport(report=report)
        recorder.problems += [
            f"“{title_of(one)}” was carried out by nobody"
            for one in self._left
            if one.nodeid not in recorder.scenarios
        ]
        self._left.clear()


class Helping(TakingTurns):
    """In another process: `reports` are pytest's, as they can be sent."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(turns)
        self.reports: list[dict[str, Any]] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._config
        plain = config.hook.pytest_report_to_serializable(config=config, report=report)
        self.reports.append(plain)
