"""What the gates of one session stand on: the lab, the policy, the people."""

from __future__ import annotations

import random
from dataclasses import dataclass

from headgate.detector import Scanner
from headgate.judge import Judge
from headgate.lab.lab import Lab
from headgate.policy import Policy
from headgate.population import Population, populate

# One handset in four has not agreed, so that both kinds are everywhere in the pool.
AGREED, REFUSED, NOBODY, SPARE, STRANGERS = 48, 16, 16, 16, 64


@dataclass(frozen=True)
class Ground:
    """What the gates of one session share; `seed` makes the requests of each repeatable."""

    lab: Lab
    policy: Policy
    seed: str
    population: Population
    judge: Judge


def people(policy: Policy, seed: str) -> tuple[Population, Judge]:
    """Draw a population by the seed, and learn to know all the forms of its numbers (0.3 s)."""
    population = populate(
        random.Random(f"{seed} population"),
        agreed=AGREED,
        refused=REFUSED,
        nobody=NOBODY,
        spare=SPARE,
        strangers=STRANGERS,
    )
    return population, Judge(policy, Scanner(population.subscribers))
