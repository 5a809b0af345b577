"""What a container says reaches the harness, all of it, however slow either of them is."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest

from headgate.engines.docker_engine import DockerCage, DockerEngine
from headgate.engines.engine import Limits
from headgate.images import GATEWAY

PATIENCE = 20.0


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def cage(engine: DockerEngine) -> Iterator[DockerCage]:
    cage = engine.cage(GATEWAY, ["/tmp"], Limits())
    yield cage
    cage.close()


def said(cage: DockerCage, script: str) -> str:
    done = cage.run(["sh", "-c", script], PATIENCE)
    assert done.exit == 0
    return done.output


def test_what_is_said_before_the_harness_listens_is_not_lost(
    cage: DockerCage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the first words lie behind the engine's answer when that is read."""
    begin = http.client.HTTPResponse.begin

    def begin_late(response: Any) -> None:
        sock = cast(socket.socket, response.fp.raw._sock)
        while _is_stream(there := sock.recv(65536, socket.MSG_PEEK)) and b"early" not in there:
            pass
        begin(response)

    monkeypatch.setattr(http.client.HTTPResponse, "begin", begin_late)
    assert said(cage, "echo early; echo too >&2; sleep 0.2; echo late") == "early\ntoo\nlate\n"


def _is_stream(there: bytes) -> bool:
    return there.startswith(b"HTTP/1.1 101 ")


def test_what_is_said_after_a_long_silence_is_not_lost(
    engine: DockerEngine, cage: DockerCage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than the SDK waits for an answer, which is made short here."""
    monkeypatch.setattr(engine._client.api, "timeout", 1)
    assert said(cage, "echo early; sleep 2; echo late") == "early\nlate\n"


def test_a_great_deal_is_received_to_the_byte(cage: DockerCage) -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo $i; echo $i >&2; i=$((i + 1)); done"
    lines = said(cage, script).split()
    assert sorted(map(int, lines)) == sorted([*range(3000), *range(3000)])
