"""When: where they go, and what they send."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import parsers, when

from headgate.gate import aimed
from headgate.gate.gate import Gate
from headgate.gate.plugin import NAMED_CATEGORIES
from headgate.gate.visit import Visit, together
from headgate.plan import ENOUGH


@when(parsers.parse("they visit the sites of the category {category}"), target_fixture="visit")
def visit_category(gate: Gate, visitors: Sequence[str], category: str) -> Visit:
    return gate.visit("permitted", by=visitors, categories=[category])


@when("they visit the permitted sites", target_fixture="visit")
def visit_permitted(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("permitted", by=visitors, least=ENOUGH)


@when("they visit the sites of every further category", target_fixture="visit")
def visit_further_categories(gate: Gate, visitors: Sequence[str]) -> Visit:
    further = set(gate.policy.categories) - set(NAMED_CATEGORIES)
    return gate.visit("permitted", by=visitors, categories=further)


@when("they visit ordinary sites", target_fixture="visit")
def visit_ordinary(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("ordinary", "sidedoor", by=visitors)


@when("they visit the permitted sites and ordinary ones", target_fixture="visit")
def visit_both(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("permitted", "ordinary", by=visitors, least=ENOUGH)


@when("they visit sites whose names resemble the permitted ones", target_fixture="visit")
def visit_lookalikes(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("lookalike", by=visitors, least=ENOUGH)


@when("they visit places beside the permitted ones", target_fixture="visit")
def visit_elsewhere(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("elsewhere", by=visitors, least=ENOUGH)


@when("they send requests that name two sites at once", target_fixture="visit")
def name_two_sites(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("confusion", by=visitors, least=ENOUGH)


@when("they visit permitted and ordinary sites in turn without hanging up", target_fixture="visit")
def visit_in_turn(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("alternating", by=visitors, least=ENOUGH)


@when(
    "the same visits are made while their addresses pass from one subscriber to another",
    target_fixture="visit",
)
def compare(gate: Gate) -> Visit:
    return gate.compare()


@when("they use the web in every way that browsers know", target_fixture="visit")
def visit_plainly(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("plain", by=visitors, least=ENOUGH)


@when("they send what the config's own text asks about", target_fixture="visit")
def visit_aimed(gate: Gate, visitors: Sequence[str]) -> Visit:
    return aimed.visit_aimed(gate, visitors)


@when("they visit at each hour that the config's own text may ask for", target_fixture="visit")
def visit_at_each_hour(gate: Gate, visitors: Sequence[str]) -> Visit:
    return aimed.visit_at_each_hour(gate, visitors)


@when("they send forms and files to permitted and ordinary sites", target_fixture="visit")
def send_bodies(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("bodies", by=visitors, least=ENOUGH)


@when("they speak haltingly or hang up early", target_fixture="visit")
def visit_unsteadily(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("unsteady", by=visitors, least=ENOUGH)


@when("they hide a request to one site in a request to another", target_fixture="visit")
def smuggle(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("smuggled", by=visitors, least=ENOUGH)


@when("they open tunnels through the gateway", target_fixture="visit")
def open_tunnels(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("tunnel", by=visitors, least=ENOUGH)


@when(
    "they visit sites that fail, lead elsewhere or give the gateway orders", target_fixture="visit"
)
def visit_misbehaving(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("misbehaving", by=visitors, least=ENOUGH)


@when("their handsets claim that they have agreed", target_fixture="visit")
def claim_consent(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("claimed", by=visitors, least=ENOUGH)


@when("they send numbers that they have made up", target_fixture="visit")
def forge(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("forged", by=visitors)


@when("they claim to be at another subscriber's address", target_fixture="visit")
def pose(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit("impostor", by=visitors, least=ENOUGH)


@when("some of them withdraw their consent and visit the permitted sites", target_fixture="visit")
def withdraw(gate: Gate) -> Visit:
    with gate.withdrawn() as visitors:
        return gate.visit("permitted", by=visitors, least=ENOUGH)


@when("some of them hang up and their handsets go on visiting", target_fixture="visit")
def hang_up(gate: Gate) -> Visit:
    with gate.detached() as visitors:
        return gate.visit("permitted", "ordinary", by=visitors, least=ENOUGH)


@when(
    parsers.parse(
        "they visit permitted and ordinary sites while the list of subscribers is {trouble}"
    ),
    target_fixture="visit",
)
def visit_in_trouble(gate: Gate, visitors: Sequence[str], trouble: str) -> Visit:
    with gate.disturbed(trouble):
        return gate.visit("permitted", "ordinary", by=visitors, most=60)


@when(
    parsers.parse(
        "they go on visiting sites of all kinds while the list of subscribers is {trouble}"
    ),
    target_fixture="visit",
)
def go_on_in_trouble(gate: Gate, visitors: Sequence[str], trouble: str) -> Visit:
    with gate.disturbed(trouble):
        # What is kept open between gateway and list has to be in use again and again.
        first = gate.visit("permitted", "ordinary", by=visitors, most=60)
        return together([first, gate.visit("permitted", by=visitors)])


@when(
    "they visit permitted and ordinary sites while the gateway takes up its config anew",
    target_fixture="visit",
)
def visit_during_reload(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit_during(gate.gateway.reload, by=visitors)


@when(
    "they visit permitted and ordinary sites while a part of the gateway is lost",
    target_fixture="visit",
)
def visit_during_loss(gate: Gate, visitors: Sequence[str]) -> Visit:
    return gate.visit_during(gate.gateway.lose_worker, by=visitors)


@when("the gateway is stopped at the end of its day", target_fixture="visit")
def stop(gate: Gate) -> Visit:
    return gate.stop()


@when("all that crossed the cable to the outside is looked through", target_fixture="visit")
def look_through(gate: Gate) -> Visit:
    return gate.crossed()


@when("subscribers go about their day", target_fixture="visit")
def go_about(gate: Gate) -> Visit:
    return gate.visit("permitted", "ordinary", by=gate.agreed)
