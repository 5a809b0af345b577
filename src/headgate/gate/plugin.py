"""The pytest plugin that runs features on a candidate and gives the verdict.

`headgate check` starts pytest with a session at hand, for one candidate after another; plain
`pytest features --candidate DIR --policy FILE` opens a session of its own. Both judge by the same
record, and both end with the verdict's exit status.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from headgate import resources
from headgate.candidate import Candidate, load_candidate
from headgate.engines.choice import ENGINES
from headgate.errors import HeadgateError
from headgate.feeds import every_fault, faults_of
from headgate.gate.collect import FeatureFile, example_of, is_scenario
from headgate.gate.gate import Gate
from headgate.gate.record import Recorder
from headgate.gate.session import Session
from headgate.policy import Policy, load_policy
from headgate.verdict import APPROVED, Verdict
from headgate.yamlfile import meant


class Given(NamedTuple):
    """What `headgate check` brings along. A run that is `helping` shares another process's."""

    session: Session
    candidate: Candidate
    helping: bool = False


GIVEN = pytest.StashKey[Given]()
VERDICT = pytest.StashKey[Verdict]()
RECORDER = pytest.StashKey[Recorder]()

# The categories that the features speak of by name; another scenario covers any further one.
NAMED_CATEGORIES = ("premium", "adult", "partner")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("headgate")
    samples = resources.root() / "gateway_config"
    group.addoption(
        "--candidate", type=Path, default=samples / "released", help="the candidate to judge"
    )
    group.addoption(
        "--policy", type=Path, default=samples / "policy.yaml", help="the policy to judge it by"
    )
    group.addoption("--engine", choices=ENGINES, help="what runs the lab")
    group.addoption("--seed", help="repeat the run that had this seed")
    group.addoption(
        "--strict-coverage", action="store_true", help="approve nothing with a branch never entered"
    )


def pytest_configure(config: pytest.Config) -> None:
    given = config.stash.get(GIVEN, None)
    recorder = Recorder(given and given.candidate, strict=config.getoption("--strict-coverage"))
    config.stash[RECORDER] = recorder
    config.pluginmanager.register(recorder, "headgate-recorder")
    config.pluginmanager.register(recorder.followed, "headgate-scenarios")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".feature":
        return None
    collector: pytest.Collector = FeatureFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not apply to this policy and gateway; end with what looks back."""
    scenarios = [item for item in items if is_scenario(item)]
    if not scenarios:
        return
    policy, candidate = _inputs(config)
    config.stash[RECORDER].candidate = candidate
    if unknown := list(dict.fromkeys(_unknown_values(scenarios, policy))):
        # Left out as what does not apply, such a row would never be missed.
        config.stash[RECORDER].problems += unknown
        items.clear()
    given = GIVEN in config.stash
    kept = [one for one in items if not is_scenario(one) or _applies(one, policy, candidate, given)]
    items[:] = sorted(kept, key=_turn)


def _unknown_values(scenarios: Sequence[pytest.Item], policy: Policy) -> Iterator[str]:
    """What stands in Examples where neither this policy nor another gateway could mean it."""
    known = {
        "category": (*NAMED_CATEGORIES, *policy.categories),
        "trouble": (*every_fault(), "none"),
    }
    for item in scenarios:
        for name, value in example_of(item).items():
            if value not in known.get(name, [value]):
                hint = meant(value, dict.fromkeys(known[name]))
                yield f"{item.path}: there is no {name} `{value}`: {hint}"


def _inputs(config: pytest.Config) -> tuple[Policy, Candidate]:
    if GIVEN in config.stash:
        given = config.stash[GIVEN]
        return given.session.policy, given.candidate
    try:
        defaults = resources.root() / "gateway_config" / "gateway.yaml"
        policy = load_policy(config.getoption("--policy"))
        return policy, load_candidate(config.getoption("--candidate"), defaults)
    except HeadgateError as error:
        raise pytest.UsageError(str(error)) from error


def _applies(item: pytest.Item, policy: Policy, candidate: Candidate, given: bool) -> bool:
    tags = {mark.name for mark in item.iter_markers()}
    example = example_of(item)
    others = set(policy.categories) - set(NAMED_CATEGORIES)
    return not (
        ("incident" in tags and given)
        or ("permitted_sites" in tags and not policy.sites)
        or ("other_categories" in tags and not others)
        or ("consent_required" in tags and not policy.consent_required)
        or example.get("category", *policy.categories[:1]) not in (*policy.categories, None)
        or example.get("trouble", "none") not in (*faults_of(candidate.spec.sessions), "none")
    )


def _turn(item: pytest.Item) -> int:
    """The incident is told before the candidate is put in; what stays behind is looked at last,
    and what shakes the gateway comes after what does not: it may have to recover."""
    tags = {mark.name for mark in item.iter_markers()}
    turns = ("incident", "", "trouble", "at_the_end")
    return max((turns.index(tag) for tag in tags & set(turns)), default=1)


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The lab, under the policy; the one that `headgate check` keeps up, where it runs."""
    if GIVEN in pytestconfig.stash:
        yield pytestconfig.stash[GIVEN].session
        return
    from headgate.engines.choice import engine_named

    policy = load_policy(pytestconfig.getoption("--policy"))
    engine = engine_named(pytestconfig.getoption("--engine"))
    seed = pytestconfig.getoption("--seed")
    with Session(policy, engine, seed=seed, covering=True) as own:
        yield own


@pytest.fixture(scope="session")
def running(session: Session, pytestconfig: pytest.Config) -> Iterator[Gate]:
    """The candidate, running in the lab."""
    recorder = pytestconfig.stash[RECORDER]
    assert recorder.candidate
    recorder.session = session
    recorder.awake(session.unseen_kinds())
    if session.covering:
        session.expect(recorder.candidate)  # its copy will be in another cage
    given = pytestconfig.stash.get(GIVEN, None)
    helping = given is not None and given.helping
    with session.gate(recorder.candidate) as gate:
        recorder.serves(gate)
        yield gate
        if helping:
            recorder.portion = gate.portion()
        for tell in gate.farewells:
            tell(gate)
    if not (helping or recorder.interrupted):
        recorder.coverage = session.coverage(gate)


@pytest.fixture
def gate(running: Gate, request: pytest.FixtureRequest) -> Gate:
    """The candidate, as a scenario of its own visits it."""
    running.begin(request.node.nodeid)
    return running


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    recorder = session.config.stash[RECORDER]
    recorder.started = time.monotonic()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    recorder = session.config.stash[RECORDER]
    given = session.config.stash.get(GIVEN, None)
    if recorder.candidate is None or session.config.option.collectonly:
        return
    if given and given.helping:
        return
    verdict = recorder.verdict()
    session.config.stash[VERDICT] = verdict
    if verdict.verdict != APPROVED:
        session.exitstatus = verdict.exit


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    from headgate.reports.terminal import lines

    if verdict := config.stash.get(VERDICT, None):
        terminalreporter.section("headgate")
        for line in lines(verdict):
            terminalreporter.write_line(line)
