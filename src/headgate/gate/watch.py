"""Looking on while a faulty gateway is judged, until it has shown what is wrong with it.

A finding stays a finding whatever follows, so the run may end there. What a gateway is known to
show itself in is carried out first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from headgate.evidence import owed_to
from headgate.gate.collect import is_scenario, title_of
from headgate.gate.record import Recorder

SCENARIO = "scenario"


class Watch:
    """A pytest plugin: ends the run when a finding of this `kind` and evidence of all `needs` has
    been seen. `needs` are pairs as of `evidence.owed_to`, and `(scenario, title)`."""

    def __init__(self, kind: str, needs: Sequence[tuple[str, str]], first: Sequence[str]) -> None:
        self._kind = kind
        self._first = first
        self._judged = 0
        self._kind_seen = False
        self.lacking = dict.fromkeys(needs)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        yield
        items.sort(key=self._turn)

    def _turn(self, item: pytest.Item) -> int:
        title = title_of(item) if is_scenario(item) else ""
        return self._first.index(title) if title in self._first else len(self._first)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        result = yield
        recorder = item.config.pluginmanager.get_plugin("headgate-recorder")
        if isinstance(recorder, Recorder) and recorder.gate and is_scenario(item):
            self._look(recorder, title_of(item))
            if self._kind_seen and not self.lacking:
                item.session.shouldstop = "what is wrong with it has been seen"
        return result

    def _look(self, recorder: Recorder, title: str) -> None:
        assert recorder.gate
        disclosures = recorder.gate.record.disclosures
        for one in disclosures[self._judged :]:
            self._kind_seen |= one.kind == self._kind
            for pair in (*owed_to(one), (SCENARIO, title)):
                self.lacking.pop(pair, None)
        self._judged = len(disclosures)
