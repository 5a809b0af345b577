"""Visits that an edited gateway must still serve as the candidate does."""

from __future__ import annotations

import random

from headgate.candidate import Candidate
from headgate.gate.ground import Ground
from headgate.plan import Plan
from headgate.request import Connection

FAMILY = "control"


def controls(ground: Ground, candidate: Candidate) -> list[Connection]:
    """A visit to a permitted site of each category, and one to an ordinary site, in each way."""
    address_of = ground.lab.internet.address
    rng = random.Random(f"{ground.seed} controls")
    sites = {site.category: site for site in ground.policy.sites}
    plan = Plan(
        ground.policy,
        list(sites.values()),
        candidate.spec,
        ground.population,
        rng,
        address_of,
    )
    handsets = iter(ground.population.agreed)
    return [
        plan.visit(FAMILY, next(handsets), plan.place_of(site, mode), token_in="query")
        for mode in plan.modes
        for site in (*plan.sites, None)
    ]
