"""Candidates that are written against the gate: to get out, to hide, to keep it busy."""

from __future__ import annotations

import pytest
from tests.system.conftest import Judge, Start

from headgate.errors import NotJudged
from headgate.gate.gate import Gate
from headgate.verdict import APPROVED, NOT_JUDGED

BOUND = 150.0

# Folder, and the reason's words.
NOT_TO_BE_JUDGED = [
    (
        "hostile-pins-its-collector",
        "refused the certificate of port 443 of collector.example: what it would have said",
    ),
    ("hostile-speaks-to-handsets", " packets to handsets that had asked for nothing"),
    ("hostile-answers-without-end", "does not answer: "),
]


@pytest.mark.parametrize(("name", "reason"), NOT_TO_BE_JUDGED)
def test_what_cannot_be_seen_is_not_judged(judged: Judge, name: str, reason: str) -> None:
    verdict = judged(name)
    assert (verdict.verdict, verdict.findings) == (NOT_JUDGED, ())
    assert reason in verdict.reason
    assert verdict.seconds < BOUND


def test_whoever_floods_the_world_is_not_judged_and_the_next_one_is(started: Start) -> None:
    words = r"more (crossed|arrived)|does not"
    with started("hostile-floods-the-world") as gate, pytest.raises(NotJudged, match=words):
        seen_to_the_end(gate)
    with started("sound-file") as gate:
        assert gate.visit("permitted", "ordinary", by=gate.agreed).wrong == []


def test_whoever_takes_all_processes_is_not_judged_and_the_next_one_is(started: Start) -> None:
    with started("hostile-forks-without-end") as gate, pytest.raises(NotJudged):
        seen_to_the_end(gate)
    with started("sound-file") as gate:
        assert gate.visit("permitted", "ordinary", by=gate.agreed).wrong == []


def seen_to_the_end(gate: Gate) -> None:
    gate.visit("permitted", "ordinary", by=gate.agreed)
    gate.visit_during(gate.gateway.reload, gate.agreed)
    gate.crossed()


def test_nobody_stops_the_store_or_shuts_others_out(started: Start) -> None:
    with started("hostile-stops-the-store") as gate:
        assert gate.visit("permitted", "ordinary", by=gate.agreed).wrong == []
        assert gate.crossed().wrong == []
    with started("sound-redis") as gate:
        with gate.handed_over():
            assert gate.visit("permitted", "ordinary", by=gate.agreed).wrong == []
        assert gate.record.disclosed_rightly


def test_no_way_leads_out_of_the_cage(started: Start) -> None:
    """Neither for the master at its start, which is root, nor for a worker."""
    with started("hostile-tries-every-way-out") as gate:
        gate.visit("ordinary", by=gate.agreed)
        for uid in (0, 33):
            status, found, _ = gate.gateway.look(f"cat /tmp/ways.{uid}")
            tried = dict(line.split() for line in found.decode().splitlines())
            assert status == 0
            assert len(tried) > 25
            assert [way for way, end in tried.items() if end != "shut"] == []


def test_an_onlooker_brings_no_power_and_no_channel_into_the_cage(started: Start) -> None:
    """Nor does a candidate's own program run in the place of the one that is looked with: where it
    can write nothing can be executed."""
    with started("hostile-poses-as-the-shell") as gate:
        words = "cat /proc/self/status; readlink /proc/self/fd/0; ls /tmp"
        told = gate.gateway.look(words)[1].decode().splitlines()
    powers = dict(line.split(":\t") for line in told if line.startswith("Cap"))
    assert {name: int(value, 16) for name, value in powers.items() if name != "CapBnd"} == {
        "CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0,
    }  # fmt: skip
    assert "NoNewPrivs:\t1" in told
    assert "/dev/null" in told
    assert "powers" not in told


# What the gate cannot see: docs/threat-model.md says so, and what limits it.
RECOGNISE_THE_LAB = ["hostile-knows-the-lab", "hostile-waits-an-hour"]


@pytest.mark.parametrize("name", RECOGNISE_THE_LAB)
def test_who_recognises_the_lab_by_what_cannot_change_is_approved(judged: Judge, name: str) -> None:
    assert judged(name).verdict == APPROVED
