"""Following scenarios step by step, by pytest-bdd's hooks.

pytest-bdd's own report calls a scenario with an undefined or a skipped step passed, and is empty
where tests are handed out to other processes. Here a scenario's steps are known before it begins,
and each is what it was seen to be. What came of it travels with pytest's own report of the test.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pytest_bdd.parser import ScenarioTemplate
from pytest_bdd.parser import Step as ParsedStep
from pytest_bdd.scenario import scenario_wrapper_template_registry

from headgate.errors import HeadgateError, NotJudged
from headgate.gate.collect import example_of, is_scenario
from headgate.record import (
    BROKEN,
    FAILED,
    NOT_REACHED,
    PASSED,
    SKIPPED,
    UNDEFINED,
    Feature,
    Rule,
    Scenario,
    Step,
)

_FOLLOWED = pytest.StashKey["_Followed"]()
_TOLD = "headgate_scenario"  # an attribute of pytest's report; it has to be plain

_RUNNING = "running"
# What pytest says below an assertion that a list of findings is empty.
_EXTRA = re.compile(
    r"Left contains (?:one more item|(\d+) more items, first extra item): ['\"](.*)['\"]"
)


def ending(error: BaseException) -> tuple[str, str]:
    """How a scenario ended with this error, and its problem in a line."""
    ended = FAILED if isinstance(error, AssertionError) else BROKEN
    if isinstance(error, NotJudged):
        return ended, error.reason
    text = str(error).strip().splitlines()
    line = text[0] if text else type(error).__name__
    known = isinstance(error, HeadgateError | AssertionError | pytest.skip.Exception)
    return ended, line if known else f"{type(error).__name__}: {line}"


@dataclass
class _Followed:
    """A scenario on its way. Steps come in their order, so the next one is the one that begins."""

    outcomes: list[str]
    seconds: list[float]
    began: float = 0.0
    at: int = -1
    ended: str = BROKEN
    problem: str = "it did not run to its end"
    whole: float = 0.0

    def begin(self) -> None:
        self.at += 1
        self.outcomes[self.at] = _RUNNING
        self.began = time.monotonic()

    def end(self, outcome: str) -> None:
        if 0 <= self.at < len(self.outcomes) and self.outcomes[self.at] == _RUNNING:
            self.outcomes[self.at] = outcome
            self.seconds[self.at] = round(time.monotonic() - self.began, 4)


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Scenarios:
    """A pytest plugin: `told` are the scenarios that were carried out, here or elsewhere."""

    told: list[Mapping[str, Any]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._places = {item.nodeid: at for at, item in enumerate(session.items)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if is_scenario(item):
            count = len(_template(item).steps)
            item.stash[_FOLLOWED] = _Followed([NOT_REACHED] * count, [0.0] * count)

    def pytest_bdd_before_step(self, request: Any) -> None:
        request.node.stash[_FOLLOWED].begin()

    def pytest_bdd_after_step(self, request: Any) -> None:
        request.node.stash[_FOLLOWED].end(PASSED)

    def pytest_bdd_step_error(self, request: Any) -> None:
        request.node.stash[_FOLLOWED].end(FAILED)

    def pytest_bdd_step_func_lookup_error(self, request: Any) -> None:
        followed = request.node.stash[_FOLLOWED]
        followed.begin()
        followed.end(UNDEFINED)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if followed := item.stash.get(_FOLLOWED, None):
            _follow(followed, report, call)
            if report.when == "teardown":
                setattr(report, _TOLD, _plain(item, followed))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if told := getattr(report, _TOLD, None):
            self.told.append(told)

    def features(self) -> tuple[Feature, ...]:
        """What was carried out, as it stands in the files: by feature, then by rule."""
        features: dict[str, Feature] = {}
        for one in sorted(self.told, key=lambda one: self._places.get(one["item"], 0)):
            feature = features.get(one["feature"]["file"]) or Feature(**_tupled(one["feature"]))
            rules = {rule.title: rule for rule in feature.rules}
            title = one["rule"]["title"]
            rule = rules.get(title) or Rule(**_tupled(one["rule"]))
            rules[title] = replace(rule, scenarios=(*rule.scenarios, _scenario(one["scenario"])))
            features[feature.file] = replace(feature, rules=tuple(rules.values()))
        return tuple(features.values())


def _follow(followed: _Followed, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    """`pytest.skip` passes pytest-bdd's hooks by, and a Ctrl-C too: a step that still runs when
    its test is over has ended by one of them."""
    followed.end(SKIPPED if report.skipped else FAILED)
    followed.whole += call.duration
    if call.excinfo is not None:
        followed.ended, line = ending(call.excinfo.value)
        followed.problem = _findings_in(str(call.excinfo.value)) or line
    elif report.when == "call":
        followed.ended, followed.problem = PASSED, ""


def _findings_in(assertion: str) -> str:
    """What a step that found something wrong was told, without pytest's words around it."""
    if not (match := _EXTRA.search(assertion)):
        return ""
    count, first = match.groups()
    return f"{count} findings, the first: {first}" if count else str(first)


def _template(item: pytest.Item) -> ScenarioTemplate:
    return scenario_wrapper_template_registry[getattr(item, "function")]  # noqa: B009


def _plain(item: pytest.Item, followed: _Followed) -> dict[str, Any]:
    template, example = _template(item), example_of(item)
    scenario, feature, rule = template.render(example), template.feature, template.rule
    backgrounds = len(template.all_background_steps)
    return {
        "item": item.nodeid,
        "feature": {
            "file": _file_of(item),
            "title": feature.name,
            "description": feature.description.strip(),
            "language": feature.language,
            "tags": sorted(feature.tags),
        },
        "rule": {
            "title": rule.name if rule else "",
            "description": rule.description.strip() if rule else "",
            "tags": sorted(rule.tags) if rule else [],
        },
        "scenario": {
            "keyword": scenario.keyword.strip(),
            "title": scenario.name,
            "line": scenario.line_number,
            "description": scenario.description.strip(),
            "tags": sorted(scenario.tags),
            "example": dict(example),
            "ended": followed.ended,
            "problem": followed.problem,
            "seconds": round(followed.whole, 4),
            "steps": [
                _plain_step(step, outcome, seconds, number < backgrounds)
                for number, (step, outcome, seconds) in enumerate(
                    zip(scenario.steps, followed.outcomes, followed.seconds, strict=True)
                )
            ],
        },
    }


def _plain_step(step: ParsedStep, outcome: str, seconds: float, background: bool) -> dict[str, Any]:
    return {
        "keyword": step.keyword.strip(),
        "words": step.name,
        "line": step.line_number,
        "outcome": outcome,
        "seconds": seconds,
        "background": background,
        "table": step.datatable.raw() if step.datatable else [],
        "text": step.docstring or "",
    }


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _scenario(plain: Mapping[str, Any]) -> Scenario:
    return Scenario(**{**_tupled(plain), "steps": tuple(map(_step, plain["steps"]))})


def _step(plain: Mapping[str, Any]) -> Step:
    return Step(**{**plain, "table": tuple(map(tuple, plain["table"]))})


def _tupled(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in plain.items()}
