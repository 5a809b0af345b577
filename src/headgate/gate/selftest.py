"""`headgate selftest`: the gate on gateways of which it is known what is wrong with them.

A corpus has `faulty/NAME/` and `sound/NAME/`, each with `candidate/`, `expected.yaml` and perhaps a
`policy.yaml` of its own. A faulty gateway must be rejected with one of the kinds that are expected
of it, the first of them; a sound one must be approved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.errors import InputError, Problem
from headgate.gate.check import check
from headgate.gate.session import Session
from headgate.policy import Policy, load_policy
from headgate.values import text
from headgate.verdict import APPROVED, REJECTED, Verdict
from headgate.yamlfile import Fields, listed, pairs, read_yaml


@dataclass(frozen=True)
class Specimen:
    """A gateway of the corpus. `kinds` is empty for a sound one; `needs` are pairs such as
    `(family, lookalike)`: without that family, form or witness it would pass."""

    name: str
    candidate: Path
    policy: Path
    sentence: str
    kinds: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()

    def rightly(self, verdict: Verdict) -> bool:
        """Whether this is the verdict that the specimen deserves."""
        if not self.kinds:
            return verdict.verdict == APPROVED
        return verdict.verdict == REJECTED and self.kinds[0] in {f.kind for f in verdict.findings}


@dataclass(frozen=True)
class Judged:
    specimen: Specimen
    verdict: Verdict

    @property
    def right(self) -> bool:
        return self.specimen.rightly(self.verdict)


def corpus(root: Path, policy: Path, names: Sequence[str] = ()) -> list[Specimen]:
    """The specimens below `root`, of these names or all; `policy` is for those without their own.

    Raises `InputError` for a name that is not there, and for a specimen that does not say what is
    expected of it.
    """
    found = [
        _specimen(folder, policy, faulty=kind == "faulty")
        for kind in ("faulty", "sound")
        for folder in sorted((root / kind).glob("*/"))
        if not names or folder.name in names
    ]
    if missing := set(names) - {one.name for one in found}:
        raise InputError(*(Problem(str(root), f"there is no {name} in it") for name in missing))
    if not found:
        raise InputError(Problem(str(root), "there is no gateway in it"))
    return found


def _specimen(folder: Path, policy: Path, *, faulty: bool) -> Specimen:
    own = folder / "policy.yaml"
    expected = folder / "expected.yaml"
    with Fields(read_yaml(expected)) as fields:
        sentence = fields.required("sentence", text, "what is wrong with it, or right")
        kinds = fields.optional("kinds", listed(text, "kinds"), ())
        fields.optional("class", text, "")
        fields.optional("resembles", text, "")
        needs = fields.optional("needs", pairs(text, "family, form, witness"), ())
    if faulty != bool(kinds):
        what = "expected the kinds of its findings" if faulty else "a sound gateway has no kinds"
        raise InputError(Problem(str(expected), what))
    chosen = own if own.exists() else policy
    return Specimen(folder.name, folder / "candidate", chosen, sentence, kinds, needs)


def judge_all(
    specimens: Iterable[Specimen], session: Callable[[Policy], Session]
) -> Iterator[Judged]:
    """Judge each, those of one policy in one lab."""
    by_policy = sorted(specimens, key=lambda one: one.policy.read_bytes())
    for _, group in itertools.groupby(by_policy, key=lambda one: one.policy.read_bytes()):
        alike = list(group)
        with session(load_policy(alike[0].policy)) as lab:
            verdicts = check(lab, [one.candidate for one in alike], [])
            yield from map(Judged, alike, verdicts)


def summary(judged: Sequence[Judged], seconds: float) -> Iterator[str]:
    """Recall, false alarms and time; before them each verdict that is not the deserved one."""
    for one in judged:
        if not one.right:
            expected = one.specimen.kinds[0] if one.specimen.kinds else APPROVED
            yield f"WRONG  {one.specimen.name}: expected {expected}, found {one.verdict.verdict}"
            yield f"       {one.specimen.sentence}"
            yield f"       {one.verdict.reason}"
    faulty = [one for one in judged if one.specimen.kinds]
    sound = [one for one in judged if not one.specimen.kinds]
    found, alarms = sum(one.right for one in faulty), sum(not one.right for one in sound)
    yield f"recall        {found} of {len(faulty)} faulty gateways rejected for what is wrong"
    yield f"false alarms  {alarms} of {len(sound)} sound gateways not approved"
    yield f"time          {seconds:.0f} s, {seconds / max(1, len(judged)):.1f} s a gateway"
