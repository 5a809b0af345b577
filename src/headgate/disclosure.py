"""What a broken rule is called, who saw it and at which place: the judge's words for findings."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.numbers import Subscriber

LEAK = "leak"
MISATTRIBUTION = "misattribution"
FORGERY = "forgery"
MISSING = "missing"
EXCESS = "excess"
NO_CONSENT = "no-consent"
FAIL_OPEN = "fail-open"
RESIDUE = "residue"

RESOLVER = "the name resolver"
STORE = "the session store"

# Who saw it: what sites received, what crossed the cable, what came back to handsets, what the
# gateway left in logs and files, or the comparison of what different subscribers' visits brought.
RECEIPTS, CABLE, RESPONSES, FILES, COMPARISON = WITNESSES = (
    "receipts",
    "cable",
    "responses",
    "files",
    "comparison",
)

# A number of which one header line has the beginning and the next one the rest.
PARTED = "two values"

RULES = {
    LEAK: 2,
    MISATTRIBUTION: 1,
    FORGERY: 3,
    MISSING: 1,
    EXCESS: 1,
    NO_CONSENT: 1,
    FAIL_OPEN: 4,
    RESIDUE: 5,
}


@dataclass(frozen=True)
class Disclosure:
    """One broken rule at one place. `site` is a host name, `where` a place in what it received,
    `sample` a masked excerpt, `witness` one of WITNESSES. What arrived without belonging to a
    request has none; `beside` is the family of all that was being sent just then, if it was one."""

    kind: str
    site: str
    address: str
    subscriber: Subscriber | None
    form: str
    where: str
    request: str
    sample: str
    witness: str = RECEIPTS
    beside: str = ""

    @property
    def rule(self) -> int:
        return RULES[self.kind]
