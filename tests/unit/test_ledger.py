"""What crossed is held against what was received: neither witness can miss a thing unnoticed."""

from __future__ import annotations

from headgate.agents.ledger import Audit, Ledger

SHOP, PORT = "93.184.1.7", 80


def audit_of(*connections: tuple[bytes, ...]) -> Audit:
    """The audit of connections to one place, each with the pieces that were received."""
    ledger = Ledger()
    for pieces in connections:
        account = ledger.account(SHOP, PORT)
        for piece in pieces:
            account.add(piece)
    return ledger.audit()


def test_a_stream_that_was_received_piece_by_piece_is_received_whole() -> None:
    audit = audit_of((b"GET / ", b"HTTP/1.1\r\n"), (b"other",))
    assert audit.received(SHOP, PORT, b"GET / HTTP/1.1\r\n") == 16


def test_of_a_stream_whose_site_hung_up_the_beginning_is_received() -> None:
    assert audit_of((b"GET /",)).received(SHOP, PORT, b"GET / HTTP/1.1\r\n") == 5


def test_the_longest_beginning_counts() -> None:
    assert audit_of((b"ab",), (b"abcd",), (b"abc",)).received(SHOP, PORT, b"abcdef") == 4


def test_a_stream_of_other_bytes_was_not_received() -> None:
    assert audit_of((b"GET /",)).received(SHOP, PORT, b"PUT / HTTP/1.1\r\n") == 0


def test_a_stream_shorter_than_its_receipt_is_not_the_same() -> None:
    assert audit_of((b"GET / HTTP/1.1\r\n",)).received(SHOP, PORT, b"GET /") == 0


def test_another_place_received_nothing() -> None:
    audit = audit_of((b"GET /",))
    assert audit.received(SHOP, 81, b"GET /") == 0
    assert audit.received("93.184.1.8", PORT, b"GET /") == 0


def test_what_was_received_and_did_not_cross_is_unseen() -> None:
    audit = audit_of((b"one",), (b"two",))
    assert audit.received(SHOP, PORT, b"one") == 3
    assert audit.unseen == [(SHOP, PORT)]
    assert audit.received(SHOP, PORT, b"two") == 3
    assert audit.unseen == []


def test_a_connection_on_which_nothing_came_is_no_receipt() -> None:
    audit = audit_of(())
    assert audit.received(SHOP, PORT, b"GET /") == 0
    assert audit.unseen == []
