"""Stand-ins for what the pure core talks to, and short ways to write its values down.

The fakes have the interface of the lab and the session that they stand in for and none of their
containers; what they answer is said by the test.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest

from headgate import resources
from headgate.answer import Answer as SiteAnswer
from headgate.candidate import Candidate
from headgate.coverage.coverage import Coverage
from headgate.detector import Scanner
from headgate.errors import NotJudged
from headgate.gate.check import check
from headgate.gate.gate import Gate
from headgate.gate.portion import Portion
from headgate.gate.session import Session
from headgate.gate.terms import Keeping
from headgate.gate.visit import Record
from headgate.gateway_spec import GatewaySpec, RedisSessions, Sessions
from headgate.internet import Internet
from headgate.judge import Judge
from headgate.lab.gateway import Gateway
from headgate.lab.lab import Exchanged, Lab
from headgate.lab.log import Log
from headgate.numbers import Subscriber
from headgate.plan import Plan
from headgate.policy import Policy, Site
from headgate.population import Population, populate
from headgate.reading.aim import Aim
from headgate.reading.span import Span
from headgate.request import EXPLICIT, Connection, Outcome, Receipt, Request
from headgate.tally import Counts, Tally
from headgate.trial import Observation, Past
from headgate.verdict import Verdict

HEADER = "x-up-calling-line-id"

ADA = Subscriber("447700900123", "001010123456789")
BOB = Subscriber("447700900456", "001010987654321")
CAROL = Subscriber("447700900789", "001010555666777", consent=False)

PREMIUM = Site("premium.example", "premium")
ADULT = Site("*.adult.example", "adult")
MOMENTS = Site("moments.example", "partner", ("/offers/",))
SITES = (PREMIUM, ADULT, MOMENTS)

HANDSET = "100.64.128.1"

# What a gateway's config may ask for, of each kind one.
_AT = Span("nginx.conf", 0, 9, 1, 1)
AIMS = (
    Aim(_AT, arguments=(("debug", "7"),), headers=(("x-lab", "yes"),)),
    Aim(_AT, host="beta.premium.example", path="/beta/"),
    Aim(_AT, headers=(("user-agent", "NokiaN9"),)),
    Aim(_AT, cookies=(("beta", "on"),)),
    Aim(_AT, method="PATCH", query="x=1"),
    Aim(_AT, network="100.64.128.0/24"),
    Aim(_AT, prefix="4477009001"),
    Aim(_AT, version="1.0"),
    Aim(_AT, body_size=9000),
    Aim(_AT, head_size=4097),
    Aim(_AT, answer_size=8193),
    Aim(_AT, status=503),
    Aim(_AT, repeat=3, cached=True),
    Aim(_AT, repeat=21, counted=True),
    Aim(_AT, repeat=20),
)
REDIS = RedisSessions(6379, "session:{ip}", (("msisdn", "{msisdn}"),))


def policy_of(
    *sites: Site,
    value: str = "{msisdn}",
    strip: Sequence[str] = (),
    consent_required: bool = True,
) -> Policy:
    return Policy(Path("policy.yaml"), HEADER, value, tuple(strip), consent_required, sites=sites)


def spec_of(
    *, proxy: int | None = 8080, transparent: int | None = 80, sessions: Sessions = REDIS
) -> GatewaySpec:
    command = ("nginx",)
    install = PurePosixPath("/etc/nginx")
    return GatewaySpec(
        "headgate/gateway", install, proxy, transparent, command, command, command, sessions
    )


def candidate_of(name: str = "candidate", spec: GatewaySpec | None = None) -> Candidate:
    return Candidate(name, Path(name), {}, frozenset(), "sha256:0", spec or spec_of())


def population_of(seed: str = "seed") -> Population:
    rng = random.Random(f"{seed} population")
    return populate(rng, agreed=48, refused=16, nobody=16, spare=16, strangers=64)


def plan_of(policy: Policy, *, seed: str = "seed", spec: GatewaySpec | None = None) -> Plan:
    """A plan as a gate makes it, for all sites of the policy."""
    rng = random.Random(f"{seed} requests")
    address_of = Internet(seed).address
    people = population_of(seed)
    return Plan(policy, policy.sites, spec or spec_of(), people, rng, address_of, aims=AIMS)


def request_of(
    raw: bytes = b"GET http://premium.example/a?id=token0000000 HTTP/1.1\r\n"
    b"Host: premium.example\r\n\r\n",
    *,
    token: str = "token0000000",
    host: str = "premium.example",
    handset: str = HANDSET,
    mode: str = EXPLICIT,
    binding: bool = True,
    forged: Sequence[bytes] = (),
) -> Request:
    return Request(token, "family", handset, mode, host, raw, binding, tuple(forged))


def receipt_of(
    data: bytes,
    *,
    site: str = "premium.example",
    kind: str = "http",
    port: int = 80,
    number: int = 0,
) -> Receipt:
    return Receipt(kind, site, "198.51.100.7", port, data, number)


def outcome_of(
    *receipts: Receipt,
    request: Request | None = None,
    subscriber: Subscriber | None = ADA,
    known: bool = True,
    response: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    error: str | None = None,
) -> Outcome:
    return Outcome(request or request_of(), subscriber, known, response, error, receipts)


@dataclass
class FakeGateway:
    """As much of a gateway as a trial asks for."""

    sessions: dict[str, Subscriber] = field(default_factory=dict)
    known: bool = True
    zone: str = ""
    log: Log = field(default_factory=Log)
    ended: NotJudged | None = None

    def assert_running(self) -> None:
        if self.ended:
            raise self.ended

    @property
    def as_gateway(self) -> Gateway:
        return cast("Gateway", self)


Answer = tuple[bytes | None, str | None]
"""What a handset got back, and what went wrong."""


class FakeLab:
    """A lab in which `serve` says what becomes of each request.

    `serve` gets the request and how often it was sent before; it returns the answer and may put
    receipts into `inbox`. A connection ends with its first request that gets no answer.
    """

    def __init__(self, serve: Callable[[Request, int], Answer]) -> None:
        self.inbox: list[Receipt] = []
        self.known_names: list[str] = []
        self.passes: list[tuple[int, int, float]] = []
        self.answers: dict[str, SiteAnswer] = {}
        self.waited_for = 0
        self._serve = serve
        self._tries: Counter[str] = Counter()

    @property
    def as_lab(self) -> Lab:
        return cast("Lab", self)

    def know(self, names: Iterable[str]) -> None:
        self.known_names += names

    def answer_with(self, answers: Mapping[str, SiteAnswer]) -> None:
        self.answers.update(answers)

    def answer_ordinarily(self) -> None:
        self.answers_over = True

    def exchanging(
        self,
        gateway: Gateway,
        connections: Sequence[Connection],
        *,
        concurrency: int,
        patience: float,
        pause: float,
    ) -> Callable[[], list[Exchanged]]:
        self.passes.append((len(connections), concurrency, pause))
        exchanged = [self._exchanged(connection) for connection in connections]

        def result() -> list[Exchanged]:
            self.waited_for += 1
            return exchanged

        return result

    def _exchanged(self, connection: Connection) -> Exchanged:
        responses: list[bytes] = []
        for request in connection.requests:
            response, error = self._serve(request, self._tries[request.token])
            self._tries[request.token] += 1
            if error or response is None:
                return Exchanged(tuple(responses), response or b"", error)
            responses.append(response)
        return Exchanged(tuple(responses), b"", None)

    def receipts(self, last: bool = False) -> list[Receipt]:
        collected, self.inbox = self.inbox, []
        return collected


@dataclass
class FakeGate:
    """As much of a gate as a recorder asks for: a record that the test has written."""

    policy: Policy
    record: Record
    tally: Tally = field(init=False)
    observers: list[Callable[[Observation], None]] = field(default_factory=list)
    farewells: list[Callable[[Gate], None]] = field(default_factory=list)
    captured: Sequence[bytes | Exception] = ()
    has_ended: bool = True
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tally = Tally(self.policy, Judge(self.policy, Scanner([ADA, BOB, CAROL])))

    def recording(self, most: int) -> Iterator[bytes]:
        for part in self.captured:
            if isinstance(part, Exception):
                raise part
            yield part

    def begin(self, scenario: str) -> None:
        self.begun.append(scenario)

    def portion(self) -> Portion:
        return Portion(self.record, Counts(), Past(0, {}, {}, {}), {})

    def take(self, portion: Portion) -> None:
        self.record.add(portion.record)

    @property
    def as_gate(self) -> Gate:
        return cast("Gate", self)


@dataclass
class FakeSession:
    """A session whose gateways have the record that is given, or that fail to start."""

    policy: Policy
    record: Record = field(default_factory=Record)
    unseen: set[str] = field(default_factory=set)
    failure: BaseException | None = None
    control_failure: BaseException | None = None
    seed: str = "5eed"
    lab_lost: bool = False
    covered: Coverage | None = None
    covering: bool = False
    measured: int = 0
    helpers: Any = None
    lines: list[str] = field(default_factory=list)
    captured: Sequence[bytes | Exception] = ()
    observed: Sequence[Observation] = ()

    @property
    def as_session(self) -> Session:
        return cast("Session", self)

    def progress(self, line: str) -> None:
        self.lines.append(line)

    def unseen_kinds(self) -> set[str]:
        if self.control_failure:
            raise self.control_failure
        return self.unseen

    @contextlib.contextmanager
    def gate(self, candidate: Candidate) -> Iterator[Gate]:
        if self.failure:
            raise self.failure
        gate = FakeGate(self.policy, self.record, captured=self.captured)
        yield gate.as_gate
        for observation in self.observed:
            for tell in gate.observers:
                tell(observation)

    @property
    def lost(self) -> bool:
        return self.lab_lost

    def coverage(self, gate: Gate) -> Coverage | None:
        self.measured += 1
        return self.covered

    def expect(self, candidate: Candidate) -> None:
        """Nothing is made ready: there is no cage."""

    def environment(self) -> Mapping[str, str]:
        return {"headgate": "0"}


class Checkout:
    """A checkout with features of the test's own, and `headgate check` run in it with fakes."""

    STEPS = """
import pytest
from pytest_bdd import given, parsers, then, when
from headgate.detector import Scanner
from headgate.errors import NotJudged

pytest_plugins = ["headgate.gate.plugin"]

@given("a gateway")
def running(gate):
    pass

@given("a gateway that is put back afterwards")
def put_back(gate):
    yield
    raise NotJudged("it could not be put back")

@when(parsers.parse("something is {what}"))
def nothing(what):
    pass

@then("all is well")
def well():
    pass

@then("all is not well")
def not_well():
    assert "447700900123" == "nothing"

@then("the gateway has gone")
def gone():
    raise NotJudged("a worker process ended", "[alert] worker process 7 exited on 447700900123")

@then("the harness stumbles")
def stumbles():
    raise ValueError("no such thing\\nand more")

@then("this is not tried")
def not_tried():
    pytest.skip("not today")

@then("somebody presses Ctrl-C")
def interrupt():
    raise KeyboardInterrupt
"""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = folder / "checkout"
        real = resources.root()
        for name in ("features", "gateway_config"):
            (self.root / name).mkdir(parents=True)
        for name in ("tox.ini", "gateway_config/gateway.yaml"):
            (self.root / name).write_bytes((real / name).read_bytes())
        (self.root / "conftest.py").write_text(self.STEPS)
        self.candidate = folder / "candidate"
        self.candidate.mkdir()
        (self.candidate / "nginx.conf").write_text("events {}\n")
        monkeypatch.setattr(resources, "root", lambda: self.root)
        for name in [name for name in sys.modules if name.split(".")[0] == "conftest"]:
            monkeypatch.delitem(sys.modules, name)

    def judged(
        self,
        session: FakeSession,
        *texts: str,
        features: Sequence[Path] = (),
        beside: Sequence[object] = (),
        keeping: Keeping | None = None,
        strict: bool = False,
    ) -> Verdict:
        """The verdict after these feature files, as texts, and those in the folders given, while
        these plugins look on."""
        for index, text in enumerate(texts):
            (self.root / "features" / f"number{index}.feature").write_text(text)
        candidates = [self.candidate]
        (verdict,) = check(session.as_session, candidates, features, beside, keeping, strict=strict)
        return verdict


def sound_record() -> Record:
    """What a sound gateway's day leaves."""
    return Record(requests=500, sites={"premium.example"}, handsets={HANDSET}, arrived=500,
                  disclosed_rightly=90)  # fmt: skip
