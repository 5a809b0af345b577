"""Putting what was found into the words of a disclosure: where it arrived, in which place of that,
and a sample in which no number shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headgate.detector import Hit, SplitHit
from headgate.disclosure import (
    CABLE,
    EXCESS,
    FAIL_OPEN,
    FORGERY,
    LEAK,
    PARTED,
    RESOLVER,
    STORE,
    Disclosure,
)
from headgate.flow import UDP, Flow
from headgate.http import Field
from headgate.masking import excerpt
from headgate.request import Outcome, Receipt


def of_hit(kind: str, receipt: Receipt, hit: Hit, hits: Sequence[Hit], request: str) -> Disclosure:
    return Disclosure(
        kind,
        place_name(receipt),
        receipt.address,
        hit.subscriber,
        hit.form,
        _where(receipt, hit.start),
        request,
        excerpt(receipt.data, hit, hits),
    )


def in_two(
    kind: str, receipt: Receipt, hit: SplitHit, two: Sequence[Field], request: str
) -> Disclosure:
    names = [one.name.decode("latin-1").lower() for one in two]
    return Disclosure(
        kind,
        place_name(receipt),
        receipt.address,
        hit.subscriber,
        f"{hit.form}, in {PARTED}",
        f"headers {' and '.join(names)}",
        request,
        ", ".join(f"{name}: ***" for name in names),
    )


_FORMS = {FORGERY: "as the handset wrote it", FAIL_OPEN: "digits", EXCESS: "nobody's number"}


def of_value(kind: str, receipt: Receipt, field: Field, outcome: Outcome) -> Disclosure:
    """A disclosure of a value that belongs to no subscriber of the lab."""
    name = field.name.decode("latin-1")
    value = re.sub(r"\d{3}(?!\d)", "***", field.value.decode("latin-1"))
    return Disclosure(
        kind,
        place_name(receipt),
        receipt.address,
        outcome.subscriber,
        _FORMS[kind],
        receipt.message.place(field.start),
        outcome.request.id,
        f"{name}: {value}",
    )


def of_flow(flow: Flow, hit: Hit, sample: str) -> Disclosure:
    address, form = flow.destination, hit.form
    site = STORE if flow.store else _place(flow.site, flow.port)
    if (flow.protocol, flow.port) == (UDP, 53):
        site = RESOLVER
    return Disclosure(LEAK, site, address, hit.subscriber, form, flow.where, "", sample, CABLE)


def place_name(receipt: Receipt) -> str:
    if receipt.kind == "dns":
        return RESOLVER
    return _place(receipt.site, receipt.port)


def _place(site: str, port: int) -> str:
    return site if port in (0, 80) else f"{site}:{port}"


def _where(receipt: Receipt, offset: int) -> str:
    if receipt.kind in ("http", "https"):
        return receipt.message.place(offset)
    return {"dns": "host name in a query", "udp": "datagram", "hello": "TLS ClientHello"}[
        receipt.kind
    ]
