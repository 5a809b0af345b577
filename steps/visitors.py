"""Given: who visits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_bdd import given

from headgate.gate.gate import Gate


@given(
    "subscribers who have agreed that permitted sites may know their numbers",
    target_fixture="visitors",
)
def agreed(gate: Gate) -> Sequence[str]:
    return gate.agreed


@given("subscribers who have not agreed", target_fixture="visitors")
def refused(gate: Gate) -> Sequence[str]:
    return gate.refused


@given("handsets that belong to no subscriber", target_fixture="visitors")
def nobody(gate: Gate) -> Sequence[str]:
    return gate.nobody


@given("addresses that have just passed to other subscribers", target_fixture="visitors")
def handed_over(gate: Gate) -> Iterator[Sequence[str]]:
    with gate.handed_over() as addresses:
        yield addresses
