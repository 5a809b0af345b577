"""Permitted and ordinary sites in turn, on one connection of one handset."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from headgate import tokens
from headgate.families import Family
from headgate.families.bodies import CHUNKED, in_chunks
from headgate.plan import Plan
from headgate.policy import Site
from headgate.request import EXPLICIT, Connection, Request

ROUNDS = 3


def _form_in_chunks(rng: random.Random) -> bytes:
    return in_chunks(tokens.form(rng), 4)


# What goes between two visits must not change what the second one brings: a body that is not read
# to its end, an answer without one. As often as not, it is nothing.
_KINDS: tuple[dict[str, object], ...] = (
    {},
    {},
    {},
    {"method": "HEAD"},
    {"method": "POST", "body": tokens.form},
    {"method": "POST", "body": _form_in_chunks, "headers": [CHUNKED]},
    {"method": "PUT", "body": partial(tokens.form, least=9000)},
)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    """Kept alive, and pipelined. On the transparent way too the Host names another site in each
    request, as browsers that coalesce connections send it; there none binds."""
    for handset in visitors:
        for mode in plan.modes:
            sites = [plan.rng.choice(plan.sites), None] if plan.sites else [None]
            plan.rng.shuffle(sites)
            requests = tuple(_visit(plan, handset, site, mode) for site in sites * ROUNDS)
            yield plan.connected(requests, requests[0].host, pipelined=plan.rng.random() < 0.3)


def _visit(plan: Plan, handset: str, site: Site | None, mode: str) -> Request:
    host, path, port, _ = plan.place_of(site, mode)
    return plan.request(
        FAMILY.id,
        handset,
        host if port == 80 else f"{host}:{port}",
        mode=mode,
        path=path,
        binding=mode == EXPLICIT,
        **plan.rng.choice(_KINDS),  # type: ignore[arg-type]
    )


FAMILY = Family(
    "alternating",
    "One handset visits permitted and ordinary sites in turn without hanging up in between.",
    2,
    generate,
)
