"""Which engine is taken: the one that is asked for, else the one that is there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.engines import choice
from headgate.errors import HeadgateError


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (choice.VARIABLE, "DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Path]:
    """A socket on which somebody answers a ping as Docker does."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            with listener.accept()[0] as sock:
                assert sock.recv(4096).startswith(b"GET /_ping ")
                sock.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK")

        thread = threading.Thread(target=answer)
        thread.start()
        yield path
        thread.join()


def test_an_engine_on_the_ordinary_socket_answers(
    answering: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "SOCKET", answering)
    assert choice.docker_answers()


def test_where_there_is_no_socket_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "SOCKET", tmp_path / "none")
    assert not choice.docker_answers()


def test_an_engine_elsewhere_is_asked_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2375")
    monkeypatch.setattr(choice, "_sdk_answers", lambda: True)
    assert choice.docker_answers()


@pytest.mark.parametrize("answers", [True, False])
def test_auto_takes_docker_where_it_answers_and_else_says_so(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "docker_answers", lambda: answers)
    said: list[str] = []
    engine = choice.engine_named("auto")(said.append)
    assert type(engine).__name__ == ("DockerEngine" if answers else "SandboxEngine")
    assert said == ([] if answers else ["no Docker engine answers: the lab is put up in a sandbox"])


@pytest.mark.parametrize("name", choice.ENGINES)
def test_the_environment_sets_the_default_and_the_option_wins(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(choice.VARIABLE, name)
    assert choice.engine_named(None) is choice.engine_named(name)
    assert choice.engine_named("docker") is not choice.engine_named("sandbox")


def test_an_engine_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice.VARIABLE, "podman")
    with pytest.raises(HeadgateError, match="HEADGATE_ENGINE=podman: expected one of docker, "):
        choice.engine_named(None)
