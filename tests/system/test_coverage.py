"""What a run enters in a candidate, measured on real gateways of which that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from tests.system.conftest import SEED
from tests.system.nginx_oracle import ask
from tests.system.runs import CANDIDATES, DEFAULTS, POLICY, SAMPLES, TOP

from headgate.candidate import Candidate, load_candidate
from headgate.coverage.copy import copy_of
from headgate.coverage.coverage import ENTERED, NEVER, Coverage
from headgate.engines.docker_engine import DockerEngine
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.gateway_spec import FileSessions
from headgate.http import Message
from headgate.policy import load_policy
from headgate.request import EXPLICIT, Connection

BRANCHES = CANDIDATES / "branches"

# What handsets ask the gateway of all branches: method, host and path.
ASKED = [
    ("GET", "shop.example", "/?stop=1"),
    ("GET", "shop.example", "/place"),
    ("GET", "www.entered.example", "/values/abc"),
    ("GET", "shop.example", "/values/def?at=10.1.2.3&late=now"),
    ("GET", "shop.example", "/values/?at=elsewhere"),
    ("GET", "shop.example", "/more/entered"),
    ("GET", "shop.example", "/outer/inner/1"),
    ("GET", "shop.example", "/outer/1"),
    ("POST", "shop.example", "/methods"),
    ("GET", "shop.example", "/methods"),
    ("GET", "shop.example", "/no-methods"),
    ("GET", "shop.example", "/rewritten"),
    ("GET", "shop.example", "/failing"),
    ("GET", "shop.example", "/exact"),
    ("GET", "shop.example", "/a.png"),
    ("GET", "shop.example", "/sites"),
    ("GET", "shop.example", "/lua?lua=one-two"),
    ("GET", "shop.example", "/lua"),
]

# What none of these enters, and no other branch: by file and words.
NEVER_ENTERED = {
    "nginx.conf": [
        "never.example in map $host $kind",
        "~^/never/(.*)$ in map $uri $rest",
        "default in map $arg_x $unused",
        "11.0.0.0/8 in geo $arg_at $near",
        "0.01% in split_clients shop$arg_split $part",
        'return "never"',
        "if ($arg_stop = 2)",
        "location /outer/other",
        "limit_except GET",
        "location @lost",
        r"location ~* \.(jpe?g)$",
        "ngx.exit(403)",
        "server (listen 80)",
    ],
    "lua/content.lua": ["word = words.failing()"],
    "lua/words.lua": ['error("never")'],
    "more-pages": ["/more/never in map $uri $rest"],
    "places": ["location /nowhere"],
}


@pytest.fixture(scope="module")
def covering() -> Iterator[Session]:
    with Session(load_policy(POLICY), DockerEngine, seed=SEED, covering=True) as session:
        yield session


def asked(gate: Gate) -> list[Connection]:
    plan = gate.plan()
    return [
        plan.connection("plain", gate.agreed[0], host, mode=EXPLICIT, path=path, method=method)
        for method, host, path in ASKED
    ]


def covered(session: Session, candidate: Candidate) -> Coverage:
    """The coverage by what is asked alone."""
    with session.gate(candidate) as gate:
        gate.send(asked(gate))
    coverage = session.coverage(gate)
    assert coverage is not None
    return coverage


@pytest.fixture(scope="module")
def of_branches(covering: Session) -> Coverage:
    return covered(covering, load_candidate(BRANCHES, DEFAULTS))


def test_a_branch_is_named_when_no_request_entered_it_and_no_other_is(
    of_branches: Coverage,
) -> None:
    assert of_branches.why == ""
    found: dict[str, list[str]] = {}
    for place in of_branches.never:
        found.setdefault(place.file, []).append(place.words)
    assert found == NEVER_ENTERED


def test_figures_count_each_kind(of_branches: Coverage) -> None:
    figures = {kind: (figure.entered, figure.all) for kind, figure in of_branches.figures.items()}
    lua = figures.pop("Lua lines")
    assert figures == {
        "servers": (1, 2),
        "locations": (16, 20),
        "ifs": (1, 2),
        "limits of methods": (1, 2),
        "map entries": (6, 10),
        "geo entries": (2, 3),
        "split entries": (1, 2),
    }
    assert lua[1] - lua[0] == 4


def test_a_place_has_the_line_that_it_was_written_at(of_branches: Coverage) -> None:
    text = {path: (BRANCHES / path).read_text().splitlines() for path in NEVER_ENTERED}
    for place in of_branches.never:
        first = place.words.split()[0]
        assert first in text[place.file][place.line - 1], place


def test_each_line_of_lua_has_its_state(of_branches: Coverage) -> None:
    states = of_branches.lines["lua/words.lua"]
    assert {line for line, state in states.items() if state == ENTERED} == {
        *(1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14),
        *(16, 18, 20),
    }
    assert {line for line, state in states.items() if state == NEVER} == {17}


def test_the_copy_answers_as_the_candidate_does(covering: Session) -> None:
    candidate = load_candidate(BRANCHES, DEFAULTS)

    def answers(of: Candidate) -> Mapping[tuple[str, str, str], tuple[int | None, bytes]]:
        with covering.gate(of) as gate:
            connections = asked(gate)
            visit = gate.send(connections)
        came = {one.request.token: Message(one.response or b"") for one in visit.outcomes}
        tokens = [one.requests[0].token for one in connections]
        return {
            what: (came[token].status, _without_visit(what, came[token].body))
            for what, token in zip(ASKED, tokens, strict=True)
        }

    assert answers(copy_of(candidate).candidate) == answers(candidate)


def _without_visit(what: tuple[str, str, str], body: bytes) -> bytes:
    """What a site answers is different in each visit."""
    return b"" if what[2] == "/sites" else body


def test_a_copy_that_does_not_start_is_told(covering: Session) -> None:
    """This one does not run where its start has another name than nginx gives it."""
    candidate = load_candidate(BRANCHES, DEFAULTS)
    own = b"assert(debug.getinfo(1, 'S').source:find('init_by_lua', 1, true), 'not at home')"
    main = candidate.files["nginx.conf"].replace(b"count = 0", own)
    files = {**candidate.files, "nginx.conf": main}
    assert "not at home" in covered(covering, replace(candidate, files=files)).why


def test_a_config_that_cannot_be_read_is_told(covering: Session) -> None:
    candidate = load_candidate(BRANCHES, DEFAULTS)
    with covering.gate(candidate) as gate:
        gate.send(asked(gate))
    gate.candidate = replace(candidate, files={"nginx.conf": b"events {"})
    coverage = covering.coverage(gate)
    assert coverage
    assert "nginx.conf:1:9" in coverage.why


@pytest.mark.parametrize("name", ["sound-file", "sound-header", "sound-redis"])
def test_a_gateway_is_covered_however_it_learns_of_sessions(covering: Session, name: str) -> None:
    candidate = load_candidate(CANDIDATES / name, DEFAULTS)
    with covering.gate(candidate) as gate:
        gate.visit("permitted", "ordinary", by=[*gate.agreed, *gate.nobody], most=200)
    coverage = covering.coverage(gate)
    assert coverage
    assert not coverage.why
    assert coverage.figures["servers"].entered == coverage.figures["servers"].all


def test_nginx_takes_the_copy_of_every_gateway_that_it_takes() -> None:
    mains = [*SAMPLES.rglob("nginx.conf"), *(TOP / "tests" / "corpus").rglob("nginx.conf")]
    candidates = [load_candidate(main.parent, DEFAULTS) for main in sorted(mains)]
    candidates = [one for one in candidates if not one.links]
    cases = [_with_sessions(one) for one in candidates]
    cases += [_with_sessions(copy_of(one).candidate) for one in candidates]
    opinions = ask(cases).opinions
    assert len(candidates) > 140
    for one, own, copied in zip(candidates, opinions, opinions[len(candidates) :], strict=False):
        assert copied.accepted == own.accepted, one.name
        # Warnings say when; what is refused is refused for the same.
        assert own.accepted or copied.what == own.what, one.name


def _with_sessions(candidate: Candidate) -> dict[str, bytes]:
    """Its files, with the one that the lab would lay beside them."""
    sessions = candidate.spec.sessions
    given = {str(sessions.path): b""} if isinstance(sessions, FileSessions) else {}
    return {**given, **candidate.files}
