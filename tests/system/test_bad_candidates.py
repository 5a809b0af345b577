"""A candidate that cannot be judged is not judged: in nginx's own words, and in time."""

from __future__ import annotations

import pytest
from tests.system.conftest import Judge, Start
from tests.system.runs import CANDIDATES

from headgate.errors import NotJudged
from headgate.gate.session import Session
from headgate.verdict import APPROVED, NOT_JUDGED

# Nothing here waits for more than a start that does not come (10 s) or an answer (5 s); the rest
# is room for a busy machine.
BOUND = 60.0

# Folder, the reason to its first words, and what the gateway itself said.
MISTYPED = CANDIDATES / "mistyped-setting" / "gateway.yaml:3:3"

DO_NOT_START = [
    (
        "syntax-error-in-an-included-file",
        'invalid parameter "server_name" in /etc/nginx/conf.d/sites.conf:3',
        "configuration file /etc/nginx/nginx.conf test failed",
    ),
    (
        "unknown-directive",
        'unknown directive "proxy_set_haeder" in /etc/nginx/nginx.conf:3',
        "[emerg]",
    ),
    (
        "address-not-there",
        "bind() to 203.0.113.7:8080 failed (99: Cannot assign requested address)",
        "[emerg]",
    ),
    (
        "ends-at-once",
        "does not start: the gateway ended with exit status 0",
        "nothing to do",
    ),
    (
        "ends-with-a-status",
        "does not start: the gateway ended with exit status 3",
        "no licence found",
    ),
    (
        "no-such-command",
        "does not start: the gateway ended with exit status 126",
        'exec: "openresty": executable file not found in $PATH',
    ),
    (
        "no-such-validator",
        "`openresty -t` ended with exit status 126",
        'exec: "openresty": executable file not found in $PATH',
    ),
    (
        "no-such-image",
        "the engine has no such image: No such image: headgate-tests/never-built:latest",
        "",
    ),
    (
        "mistyped-setting",
        f"{MISTYPED}: unknown key `ports.transparant`: did you mean `transparent`?",
        "",
    ),
]

# Folder, the bound that it runs into, made shorter so that nobody waits, and the reason.
TAKE_FOR_EVER = [
    (
        "does-not-listen",
        ("STARTING", 2.0),
        "does not listen on port 80 (ports.transparent) within 2 seconds",
    ),
    ("validates-for-ever", ("VALIDATING", 1.0), "`sleep infinity` did not end within 1 seconds"),
]

FAIL_MIDWAY = [
    ("crashes-midway", "a worker process ended on its own", "exited on signal 11"),
    ("kills-itself-midway", "a worker process ended on its own", "exited on signal 9"),
    ("exits-midway", "a worker process ended on its own", "exited with code 0"),
    ("eats-memory", "a worker process ended on its own", "exited on signal 9"),
    ("ends-midway", "ended on its own with exit status 124", ""),
    (
        "fills-its-disk",
        "filled its disk: /var/log (64 MiB)",
        'write() to "/var/log/nginx/access.log"',
    ),
    (
        "proxies-to-itself",
        "does not serve: none of",
        "worker_connections are not enough",
    ),
    (
        "rewrites-in-circles",
        "does not serve: none of",
        'rewrite or internal redirection cycle while processing "/again"',
    ),
    (
        "lua-syntax-error",
        "does not serve: none of",
        "failed to load inlined Lua code: access_by_lua(nginx.conf:23):2: unexpected symbol",
    ),
]

SILENT = [
    ("hangs-in-a-loop", ""),
    ("sleeps-for-ever", ""),
    ("stops-itself", ""),
    (
        "no-resolver",
        "recv() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53",
    ),
]


@pytest.mark.parametrize(("name", "reason", "words"), DO_NOT_START)
def test_a_gateway_that_does_not_start_is_not_judged(
    judged_briefly: Judge, name: str, reason: str, words: str
) -> None:
    verdict = judged_briefly(name)
    assert (verdict.verdict, verdict.reason) == (NOT_JUDGED, reason)
    assert words in verdict.words
    assert (verdict.requests, verdict.findings) == (0, ())
    assert verdict.seconds < BOUND


@pytest.mark.parametrize(("name", "bound", "reason"), TAKE_FOR_EVER)
def test_a_gateway_that_takes_for_ever_to_start_is_not_judged(
    short: Session,
    judged_briefly: Judge,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    bound: tuple[str, float],
    reason: str,
) -> None:
    assert short.unseen_kinds() == set()  # the control has the time that it needs
    monkeypatch.setattr(f"headgate.lab.gateway.{bound[0]}", bound[1])
    verdict = judged_briefly(name)
    assert (verdict.verdict, verdict.reason) == (NOT_JUDGED, reason)
    assert (verdict.requests, verdict.findings) == (0, ())
    assert verdict.seconds < BOUND


@pytest.mark.parametrize(("name", "reason", "words"), FAIL_MIDWAY)
def test_a_gateway_that_fails_midway_is_not_judged(
    judged_briefly: Judge, name: str, reason: str, words: str
) -> None:
    verdict = judged_briefly(name)
    assert verdict.verdict == NOT_JUDGED
    assert verdict.reason.startswith(reason)
    assert words in verdict.words
    assert verdict.seconds < BOUND


@pytest.mark.parametrize(("name", "words"), SILENT)
def test_a_gateway_that_falls_silent_is_not_waited_for_request_by_request(
    short: Session,
    judged_briefly: Judge,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    words: str,
) -> None:
    assert short.unseen_kinds() == set()
    monkeypatch.setattr("headgate.trial.PATIENCE", 1.0)
    verdict = judged_briefly(name)
    assert verdict.verdict == NOT_JUDGED
    assert verdict.reason.startswith("does not answer: ")
    assert verdict.reason.endswith(" requests got nothing within 1 seconds")
    assert words in verdict.words
    assert verdict.seconds < BOUND


def test_a_gateway_that_refuses_all_sites_but_the_permitted_is_sound(judged: Judge) -> None:
    verdict = judged("sound-walled-garden")
    assert (verdict.verdict, verdict.findings) == (APPROVED, ())


@pytest.mark.parametrize("name", ["sound-rate-limited", "sound-connection-limited"])
def test_what_a_gateway_refuses_for_want_of_room_is_tried_again(started: Start, name: str) -> None:
    """Every ordinary request gets through in the end, so that none of them is missed."""
    with started(name) as gate:
        visits = [
            gate.visit("permitted", "ordinary", by=gate.agreed),
            gate.visit("alternating", by=gate.agreed[:16]),
        ]
    ordinary = [one for visit in visits for one in visit.outcomes if one.request.binding]
    assert [one.request.id for one in ordinary if not one.arrived] == []
    assert gate.record.disclosures == []
    assert gate.record.disclosed_rightly > 0


def test_after_a_gateway_that_fails_the_next_is_served_as_ever(started: Start) -> None:
    with started("crashes-midway") as gate:
        gate.visit("ordinary", by=gate.agreed, least=500)
        with pytest.raises(NotJudged, match="a worker process ended on its own"):
            gate.stop()
    with started("sound-file") as gate:
        assert gate.visit("permitted", "ordinary", by=gate.agreed).wrong == []
        assert gate.record.arrived == gate.record.requests
