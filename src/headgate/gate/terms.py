"""What every candidate of a call is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headgate.policy import Policy


@dataclass(frozen=True)
class Terms:
    """The policy, the seed, the user's own features, and the only families to send, if any.
    What is `strict` needs every branch of a candidate to have been entered; with `explain`,
    rejections say what they are owed to."""

    policy: Policy
    seed: str
    features: tuple[Path, ...] = ()
    families: tuple[str, ...] = ()
    strict: bool = False
    explain: bool = True
