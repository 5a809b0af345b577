"""The record of a run: all that is known of one candidate when it has been judged.

Every report is made from it, and from nothing else. It is plain: strings, counts and tables of
them, every number in it masked, so that whoever writes a format has nothing to look up and nothing
to hide. `as_plain` gives what JSON can hold; docs/reports.md describes that form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from headgate.verdict import Verdict

T = TypeVar("T")

FORMAT = 1
"""The version of the plain form: a change that a reader of it could stumble over counts it up."""

# How a step ended. What comes after a step that did not pass is not reached.
PASSED, FAILED, SKIPPED, UNDEFINED, NOT_REACHED = (
    "passed",
    "failed",
    "skipped",
    "undefined",
    "not reached",
)
# How a scenario ended: `failed` by its own assertion, `broken` by anything else.
BROKEN = "broken"

# In whose state a request was sent.
AGREED, NOT_AGREED, NOBODY, UNKNOWN = STATES = ("agreed", "not agreed", "nobody", "unknown")

# The groups of sites that are no category of the policy's.
BESIDE = "places beside the permitted ones"
ORDINARY = "ordinary sites"
LOOKALIKES = "look-alikes"


# The features, as they were carried out


@dataclass(frozen=True)
class Step:
    """`table` is a data table by rows, `text` a doc string; `background` says that the step comes
    from the background of its feature or rule. `seconds` include what the step waited for."""

    keyword: str
    words: str
    line: int
    outcome: str = NOT_REACHED
    seconds: float = 0.0
    background: bool = False
    table: tuple[tuple[str, ...], ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Scenario:
    """One scenario, or one row of an outline: then `example` is the row and all else is filled in
    with it. `problem` says why it did not pass."""

    keyword: str
    title: str
    line: int
    description: str = ""
    tags: tuple[str, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)
    ended: str = BROKEN
    problem: str = ""
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Rule:
    """The scenarios below one Rule; its `title` is empty for those that stand below none."""

    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A feature file; `file` is its path below the folder that it was collected from."""

    file: str
    title: str
    description: str = ""
    language: str = "en"
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


# The policy, and what was seen of it


@dataclass(frozen=True)
class Permitted:
    """A site that the policy names."""

    host: str
    category: str
    paths: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Law:
    """The policy that was judged by."""

    file: str
    digest: str
    header: str
    value: str
    consent_required: bool
    staleness: float
    strip: tuple[str, ...] = ()
    sites: tuple[Permitted, ...] = ()


@dataclass(frozen=True)
class Cell:
    """What became of the requests to one group of sites, by one mode, in one state of the
    subscriber. Each is counted once: it got the `number` that it may have, `nothing` that tells
    who is calling, something `wrong`; the number was `missing` although it had to come; the
    request was `refused`; or it is `unproved` what became of it. A cell of zeros was not tried.

    `due` says what the policy wants to be got there: `number` or `nothing`.
    """

    group: str
    mode: str
    state: str
    due: str
    number: int = 0
    nothing: int = 0
    wrong: int = 0
    missing: int = 0
    refused: int = 0
    unproved: int = 0

    @property
    def requests(self) -> int:
        return self.number + self.nothing + self.wrong + self.missing + self.refused + self.unproved


@dataclass(frozen=True)
class Elsewhere:
    """A number that was seen where no request was sent to: in a log, at another handset, in the
    session store, on the cable, at a site that the gateway talked to of its own accord."""

    place: str
    count: int


@dataclass(frozen=True)
class Matrix:
    """The policy against what was seen. The cells of all `groups`, `modes` and `states`; a group
    that is a category of the policy's is `permitted`."""

    groups: tuple[str, ...] = ()
    permitted: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    states: tuple[str, ...] = STATES
    cells: tuple[Cell, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True)
class Family:
    """What was sent of one kind, and how sure it makes.

    Of its `requests` no one might learn anything from `silent`, and `leaks` of those told
    something; permitted sites had to get the number with `owed`, and with `missing` of those did
    not. Where none leaked, the true rate of leaks is below `leak_below` (3/n) with 95 %
    confidence; `missing_below` is the same for numbers that do not arrive.
    """

    id: str
    sentence: str
    rule: int
    requests: int = 0
    silent: int = 0
    leaks: int = 0
    owed: int = 0
    missing: int = 0

    @property
    def leak_below(self) -> float | None:
        return below(self.silent, self.leaks)

    @property
    def missing_below(self) -> float | None:
        return below(self.owed, self.missing)


def below(requests: int, seen: int) -> float | None:
    """The rule of three: none of n requests showed it, so with 95 % confidence it befalls fewer
    than 3 in n. None where it was seen, or nothing was sent."""
    return min(1.0, 3 / requests) if requests and not seen else None


# The rest


@dataclass(frozen=True)
class Control:
    """A kind of finding that the gateway which breaks every rule gives rise to, and whether the
    harness has seen it on it. `wanted` but not `seen` is a harness that sleeps."""

    kind: str
    seen: bool


@dataclass(frozen=True)
class Controls:
    """The proof that the harness was awake. `negative` is empty where that control was not run;
    `positive` counts the numbers that arrived at permitted sites as they should; of all
    `requests`, `arrived` reached a site and `unproved` were neither received nor refused."""

    negative: tuple[Control, ...] = ()
    positive: int = 0
    requests: int = 0
    arrived: int = 0
    unproved: int = 0


@dataclass(frozen=True)
class Traffic:
    """What flowed where, in requests; `sites` are the places that got some. `store` counts the
    connections to the session store, `resolver` the questions for names."""

    handsets: int = 0
    modes: Mapping[str, int] = field(default_factory=dict)
    permitted: int = 0
    permitted_sites: int = 0
    ordinary: int = 0
    ordinary_sites: int = 0
    refused: int = 0
    store: int = 0
    resolver: int = 0


@dataclass(frozen=True)
class Environment:
    """What the verdict was reached with. Times are UTC, to the second (RFC 3339); `engine` and
    `images` are what the engine says of itself, `versions` those of what judged."""

    candidate: str = ""
    policy: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    tool: str = ""
    engine: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: str = ""
    began: str = ""
    ended: str = ""
    command: str = ""


@dataclass(frozen=True)
class Sent:
    """The request that a finding names, as the handset sent it; `raw` in printable characters.
    Findings of one kind, place and form have one request in common, the first one's."""

    id: str
    handset: str
    mode: str
    host: str
    raw: str


@dataclass(frozen=True)
class Evidence:
    """What is known beside the verdict. `files` are the candidate's text files. `coverage` and
    `explanations` are plain already, and are as those who know of them have put them
    (docs/reports.md); there may be none."""

    law: Law | None = None
    features: tuple[Feature, ...] = ()
    matrix: Matrix = Matrix()
    families: tuple[Family, ...] = ()
    controls: Controls = Controls()
    traffic: Traffic = Traffic()
    environment: Environment = Environment()
    sent: tuple[Sent, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    coverage: Mapping[str, Any] | None = None
    explanations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Record:
    """A verdict, and the evidence for it."""

    verdict: Verdict
    evidence: Evidence = Evidence()

    def as_plain(self) -> dict[str, Any]:
        """The record as JSON holds it; `verdict` is the object of `verdict.json`."""
        plain = asdict(self.evidence)
        for family, told in zip(self.evidence.families, plain["families"], strict=True):
            told["leak_below"], told["missing_below"] = family.leak_below, family.missing_below
        return {"verdict": self.verdict.as_plain(), **plain}


def record_of(verdict: Verdict) -> Record:
    """The record that a verdict brought with it; an empty one, where nothing was carried out.

    What the verdict itself says of coverage and of causes goes before what its evidence says.
    """
    evidence, plain = verdict.evidence or Evidence(), verdict.as_plain()
    told = replace(
        evidence,
        coverage=plain.get("coverage") or evidence.coverage,
        explanations=tuple(plain.get("explanations") or evidence.explanations),
    )
    return Record(replace(verdict, evidence=None), told)


def as_plain(records: Iterable[Record]) -> dict[str, Any]:
    """The one JSON record of a run, all its candidates in it."""
    return {"record": FORMAT, "candidates": [one.as_plain() for one in records]}


def each_text(value: T, shown: Callable[[str], str]) -> T:
    """The same value, every text in it (keys included) as `shown` gives it."""
    return _each_text(value, shown)  # type: ignore[no-any-return]


def _each_text(value: Any, shown: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {_each_text(key, shown): _each_text(one, shown) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_each_text(one, shown) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        texts = {one.name: _each_text(getattr(value, one.name), shown) for one in fields(value)}
        return type(value)(**texts)
    return value
