"""The world's own client of the session store, against a server that says what the test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.agents.redis_client import Client, command

Serve = Callable[[bytes], tuple[Client, list[bytes]]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A client whose server answers with these bytes, and what the server was sent."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "store.sock"))
    listener.listen()
    threads: list[threading.Thread] = []
    clients: list[Client] = []

    def start(answer: bytes) -> tuple[Client, list[bytes]]:
        heard: list[bytes] = []

        def talk() -> None:
            with listener.accept()[0] as sock:
                heard.append(sock.recv(65536))
                sock.sendall(answer)

        threads.append(threading.Thread(target=talk))
        threads[0].start()
        clients.append(Client(str(tmp_path / "store.sock")))
        return clients[0], heard

    yield start
    for client, thread in zip(clients, threads, strict=True):
        client.close()
        thread.join()
    listener.close()


def test_a_command_is_an_array_of_strings_with_their_lengths_in_bytes() -> None:
    assert command(["SET", "schlüssel", ""]) == (
        b"*3\r\n$3\r\nSET\r\n$10\r\nschl\xc3\xbcssel\r\n$0\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (b"+OK\r\n", b"OK"),
        (b":12\r\n", 12),
        (b"$4\r\na\r\nb\r\n", b"a\r\nb"),
        (b"$-1\r\n", None),
        (b"*2\r\n$1\r\na\r\n:2\r\n", [b"a", 2]),
    ],
)
def test_each_kind_of_reply_is_read(serve: Serve, answer: bytes, reply: object) -> None:
    client, heard = serve(answer)
    assert client.ask("PING") == reply
    assert heard == [b"*1\r\n$4\r\nPING\r\n"]


def test_an_error_is_raised_in_the_stores_words(serve: Serve) -> None:
    client, _ = serve(b"-WRONGTYPE no hash\r\n")
    with pytest.raises(ValueError, match="refused: WRONGTYPE no hash"):
        client.ask("HGET", "a", "b")


def test_a_store_that_hangs_up_is_no_reply(serve: Serve) -> None:
    client, _ = serve(b"")
    with pytest.raises(OSError, match="has hung up"):
        client.ask("PING")


def test_a_transaction_is_sent_at_once_and_acknowledged_at_its_end(serve: Serve) -> None:
    client, heard = serve(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n")
    client.transaction([("DEL", "a"), ("HSET", "a", "b", "c")])
    assert heard[0].startswith(b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n")
    assert heard[0].endswith(b"*1\r\n$4\r\nEXEC\r\n")


def test_nobody_listening_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Client(str(tmp_path / "none"))
