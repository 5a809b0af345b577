"""What one of several gates on a candidate has seen, for the gate that speaks for them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.disclosure import Disclosure
from headgate.errors import NotJudged
from headgate.gate.visit import Record
from headgate.numbers import Subscriber
from headgate.tally import Counts
from headgate.trial import Past


@dataclass(frozen=True)
class Portion:
    """All that a gate has seen to its end. `left` is what was wrong with what its gateway left
    behind, `crossed` with what had crossed to the outside; `doubt` says why one of them is not
    known. `past` has the requests that something wrong came of."""

    record: Record
    counts: Counts
    past: Past
    guests: Mapping[str, Subscriber]
    left: Sequence[Disclosure] = ()
    crossed: Sequence[Disclosure] = ()
    doubt: NotJudged | None = None
