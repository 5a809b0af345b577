"""The proof that the harness was awake."""

from __future__ import annotations

from pytest_bdd import then, when

from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.gate.visit import Record


@when("the gateway that breaks every rule has been judged", target_fixture="unseen")
def judged(session: Session, gate: Gate) -> set[str]:
    return session.unseen_kinds()


@then("every kind of broken rule has been seen on it")
def every_kind(unseen: set[str]) -> None:
    assert unseen == set()


@when("the candidate's visits are counted", target_fixture="record")
def counted(gate: Gate) -> Record:
    return gate.record


@then("every request has arrived or has been refused on purpose")
def followed(record: Record) -> None:
    assert record.arrived > 0
    assert [outcome.request.id for outcome in record.unproved] == []


@then("permitted sites have received numbers")
def received(record: Record) -> None:
    assert record.disclosed_rightly > 0
