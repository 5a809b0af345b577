"""Feature files as pytest collects them: each `.feature` is a module of its scenarios."""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pytest
from gherkin.dialect import Dialect
from gherkin.parser import Parser
from pytest_bdd.scenario import scenario_wrapper_template_registry

_SOURCE = "import pytest_bdd; pytest_bdd.scenarios(__file__)"


class FeatureFile(pytest.Module):
    """One feature file. pytest-bdd binds scenarios to the module that asks for them; here is one
    that does nothing else, so that a directory of feature files needs no Python beside it."""

    def _getobj(self) -> types.ModuleType:
        self._refuse_lost_scenarios()
        module = types.ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        exec(compile(_SOURCE, str(self.path), "exec"), module.__dict__)
        return module

    def _refuse_lost_scenarios(self) -> None:
        """Of two scenarios with one title pytest-bdd keeps the last, without a word, and an
        outline without a row it carries out once, with the names of the columns for values."""
        document: Mapping[str, Any] = Parser().parse(self.path.read_text("utf-8"))
        feature = document.get("feature") or {}
        scenarios = list(_scenarios(feature.get("children", [])))
        if not scenarios:
            raise self.CollectError(f"{self.path}: there is no scenario in it")
        counts = Counter(scenario["name"] for scenario in scenarios)
        if twice := [title for title, count in counts.items() if count > 1]:
            raise self.CollectError(f"{self.path}: two scenarios are called “{twice[0]}”")
        dialect = Dialect.for_name(feature["language"])
        assert dialect  # the parser has used it
        outlines = dialect.scenario_outline_keywords
        if empty := [one["name"] for one in scenarios if _lacks_rows(one, outlines)]:
            raise self.CollectError(f"{self.path}: “{empty[0]}” has an Examples table without rows")


def is_scenario(item: pytest.Item) -> bool:
    return item.getparent(FeatureFile) is not None


def example_of(item: pytest.Item) -> Mapping[str, str]:
    """The row of its Examples table that an item stands for; empty for a plain scenario."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("_pytest_bdd_example", {}) if callspec else {}


def title_of(item: pytest.Item) -> str:
    """A scenario's title, its example filled in."""
    template = scenario_wrapper_template_registry[getattr(item, "function")]  # noqa: B009
    return filled(template.name, example_of(item))


def filled(title: str, example: Mapping[str, str]) -> str:
    for name, value in example.items():
        title = title.replace(f"<{name}>", value)
    return title


def _scenarios(children: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for child in children:
        for kind, node in child.items():
            if kind == "scenario":
                yield node
            elif kind == "rule":
                yield from _scenarios(node["children"])


def _lacks_rows(scenario: Mapping[str, Any], outlines: Collection[str]) -> bool:
    tables = scenario["examples"]
    return not all(table["tableBody"] for table in tables) or (
        scenario["keyword"] in outlines and not tables
    )
