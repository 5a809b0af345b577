"""What every candidate of a call is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headgate.engines.choice import AUTO
from headgate.policy import Policy


@dataclass(frozen=True)
class Keeping:
    """Where runs are to leave what they keep, and whether anybody wants more than JUnit."""

    folder: Path
    raw: bool


@dataclass(frozen=True)
class Terms:
    """The policy, the seed, the user's own features, the only families to send, if any, and the
    name of the engine (`engines/choice.py`).
    What is `strict` needs every branch of a candidate to have been entered; with `explain`,
    rejections say what they are owed to. `keeping` is what runs are to leave beside their verdicts;
    `reveal` shows numbers unmasked."""

    policy: Policy
    seed: str
    features: tuple[Path, ...] = ()
    families: tuple[str, ...] = ()
    engine: str = AUTO
    strict: bool = False
    explain: bool = True
    keeping: Keeping | None = None
    reveal: bool = False
