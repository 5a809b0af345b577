"""What a run keeps beside its verdict, when somebody has asked for it."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from tests.unit.fakes import (
    SITES,
    Checkout,
    FakeSession,
    outcome_of,
    policy_of,
    receipt_of,
    request_of,
    sound_record,
)

from headgate.errors import HeadgateError, LabError
from headgate.gate import keeping
from headgate.gate.keeping import Kept
from headgate.gate.terms import Keeping
from headgate.trial import Observation

SOUND = """
Feature: A day

  Example: A sound gateway
    Given a gateway
    Then all is well

  Example: An unsound gateway
    Given a gateway
    Then all is not well
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def session_of(**more: Any) -> FakeSession:
    return FakeSession(policy_of(*SITES), sound_record(), **more)


def kept_of(checkout: Checkout, session: FakeSession, folder: Path, *, raw: bool = True) -> Kept:
    kept = checkout.judged(session, SOUND, keeping=Keeping(folder, raw)).kept
    assert kept
    return kept


def test_nothing_is_kept_unasked(checkout: Checkout) -> None:
    assert checkout.judged(session_of(), SOUND).kept is None


def test_what_pytest_says_is_kept_without_a_number(checkout: Checkout, tmp_path: Path) -> None:
    kept = kept_of(checkout, session_of(), tmp_path, raw=False)
    assert kept.junit
    assert b"A sound gateway" in kept.junit or b"a_sound_gateway" in kept.junit
    assert b"447700900***" in kept.junit
    assert b"447700900123" not in kept.junit
    assert (kept.captures, kept.exchanges) == ([], [])


def test_the_candidate_is_kept_as_it_was_loaded(checkout: Checkout, tmp_path: Path) -> None:
    (checkout.candidate / "gateway.yaml").write_text("ports: {proxy: 3128}\n")
    kept = kept_of(checkout, session_of(), tmp_path)
    assert kept.candidate.files == {"nginx.conf": b"events {}\n"}
    assert kept.settings == b"ports: {proxy: 3128}\n"


def test_what_crossed_the_cable_is_kept(checkout: Checkout, tmp_path: Path) -> None:
    parts = [gzip.compress(b"pcap, "), gzip.compress(b"and more")]
    kept = kept_of(checkout, session_of(captured=parts), tmp_path)
    (capture,) = kept.captures
    assert gzip.decompress(capture.read_bytes()) == b"pcap, and more"
    assert kept.missing == []


def test_a_capture_that_breaks_off_is_told_of(checkout: Checkout, tmp_path: Path) -> None:
    parts = [gzip.compress(b"pcap"), LabError("the node world is lost")]
    kept = kept_of(checkout, session_of(captured=parts), tmp_path)
    assert kept.missing == ["The capture lacks its end: the lab failed."]


def observation() -> Observation:
    receipt = receipt_of(b"GET /a?id=token0000000 HTTP/1.1\r\n\r\n\xff")
    return Observation([outcome_of(receipt, request=request_of())], [receipt_of(b"stray")])


def exchanges_in(kept: Kept) -> list[dict[str, Any]]:
    (exchanges,) = kept.exchanges
    lines = gzip.decompress(exchanges.read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def test_each_request_is_kept_with_what_arrived_of_it(checkout: Checkout, tmp_path: Path) -> None:
    kept = kept_of(checkout, session_of(observed=[observation()] * 2), tmp_path)
    first, stray, *more = exchanges_in(kept)
    assert first["request"] == "family/token0000000"
    assert first["sent"].startswith("GET http://premium.example/a?id=token0000000 ")
    assert first["holder"] == {"msisdn": "447700900123", "consent": True}
    assert first["answer"].startswith("HTTP/1.1 200 OK")
    assert first["arrived"][0]["data"].encode("latin-1").endswith(b"\r\n\r\n\xff")
    assert (stray["request"], stray["arrived"][0]["data"]) == (None, "stray")
    assert len(more) == 2


def test_what_does_not_fit_is_counted(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_EXCHANGED", 1000)
    kept = kept_of(checkout, session_of(observed=[observation()] * 9), tmp_path)
    whole = len(exchanges_in(kept))
    assert 0 < whole < 18
    assert kept.missing == [f"{18 - whole} exchanges did not fit into exchanges.jsonl.gz."]


def test_what_waits_to_be_written_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_MOST_HELD", 200)
    exchanges = keeping._Exchanges(tmp_path / "exchanges.jsonl.gz")
    waited = []
    for _ in range(9):
        exchanges(observation())
        waited.append(len(exchanges._waiting))
    exchanges.close()
    assert set(waited) == {0, 1, 2}
    assert len(gzip.decompress(exchanges.path.read_bytes()).splitlines()) == 18


def test_a_disk_that_is_full_is_told(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: object, **more: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip, "compress", full)
    with pytest.raises(HeadgateError, match="cannot be written: No space left on device"):
        kept_of(checkout, session_of(observed=[observation()]), tmp_path)


def test_what_is_kept_may_go_to_another_process(checkout: Checkout, tmp_path: Path) -> None:
    kept = kept_of(checkout, session_of(observed=[observation()]), tmp_path)
    assert pickle.loads(pickle.dumps(kept)) == kept
