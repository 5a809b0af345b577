"""The kinds of findings, in words for whoever has not read the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of finding: what it is in a few words, what it means, and where to look."""

    title: str
    meaning: str
    mending: str


KINDS: Mapping[str, Kind] = {
    "leak": Kind(
        "A number reached someone who is not permitted",
        "A subscriber's number, or something from which it can be read back or by which the "
        "subscriber can be told from others, arrived where the policy permits nothing.",
        "Set the header only in the branch that has found the site on the list, and clear it in "
        "every other, error pages and redirects among them.",
    ),
    "misattribution": Kind(
        "A permitted site got another subscriber's number",
        "The number that arrived belongs to somebody who did not send the request.",
        "Look for what is kept between requests: a cache without the handset in its key, a "
        "variable of a whole worker, an old session.",
    ),
    "forgery": Kind(
        "A value that the handset made up was let through",
        "A header of the policy's name, or of one that is to be stripped, reached a site as the "
        "handset had written it.",
        "Clear the header on every request before anything else, however its name is written.",
    ),
    "missing": Kind(
        "A permitted site did not get the number",
        "A well-formed request of a subscriber who has agreed came to a permitted site without "
        "the number, or was refused.",
        "Look whether the site, its path and its port are matched as the policy has them.",
    ),
    "excess": Kind(
        "A permitted site got more than the number",
        "The number stood in a second place or form, or something else about the subscriber went "
        "with it.",
        "Send the number once, in the policy's header and form, and nothing beside it.",
    ),
    "no-consent": Kind(
        "A permitted site got the number of someone who had not agreed",
        "The policy requires consent, and this subscriber had not given it or had taken it back.",
        "Ask for the consent of the session on every request, and treat an unknown value as no.",
    ),
    "fail-open": Kind(
        "A number went out although nobody could know whose",
        "There was no session, or the store could not be reached or held nonsense, and the "
        "gateway sent a number all the same.",
        "Let every failure of the look-up lead to the branch without a number.",
    ),
    "residue": Kind(
        "A number was left behind in logs or files",
        "After the gateway had been stopped, a number stood in what it had written.",
        "Take the header and the session's values out of log formats, debug logs and caches.",
    ),
}

# What a broken scenario of somebody's own is called where every result has to have a rule.
SCENARIO = "scenario"
OF_ONES_OWN = Kind(
    "A scenario does not hold",
    "An assertion in a feature file failed, and no finding of the gate's own goes with it.",
    "Read the scenario: it says what was expected.",
)


def kind_of(name: str) -> Kind:
    """The kind of that name; of one that is not known here, the name alone."""
    return KINDS.get(name, OF_ONES_OWN if name == SCENARIO else Kind(name, name, ""))
