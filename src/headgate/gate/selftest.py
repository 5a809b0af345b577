"""`headgate selftest`: the gate on gateways of which it is known what is wrong with them.

A corpus has `faulty/NAME/` and `sound/NAME/`, each with `candidate/`, `expected.yaml` and perhaps a
`policy.yaml` of its own. A faulty gateway must be rejected with one of the kinds that are expected
of it, the first of them, and its findings must be owed to all that it is said to need; a sound one
must be approved.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from headgate.errors import InputError, LabError, Problem
from headgate.gate.check import check
from headgate.gate.session import Session
from headgate.gate.watch import SCENARIO, Watch
from headgate.gate.workers import Failed, judge_all
from headgate.policy import load_policy
from headgate.values import text
from headgate.verdict import APPROVED, REJECTED, Verdict
from headgate.yamlfile import Fields, listed, pairs, read_yaml

Part = tuple[str, str]


@dataclass(frozen=True)
class Specimen:
    """A gateway of the corpus. `kinds` is empty for a sound one; `needs` are pairs such as
    `(family, lookalike)`: that family, form, layer, witness or scenario must find the fault.
    `tempts` says the same of a sound one: what it must be left alone by. `first` are the titles of
    the scenarios in which a fault shows itself, in the order in which they have to come. `mend` are
    the places, each a file and a line of the candidate, where a person would mend it."""

    name: str
    candidate: Path
    policy: Path
    sentence: str
    kinds: tuple[str, ...] = ()
    needs: tuple[Part, ...] = ()
    tempts: tuple[Part, ...] = ()
    first: tuple[str, ...] = ()
    mend: tuple[str, ...] = ()

    def rightly(self, verdict: Verdict) -> bool:
        """Whether this is the verdict that the specimen deserves."""
        if not self.kinds:
            return verdict.verdict == APPROVED
        return verdict.verdict == REJECTED and self.kinds[0] in {f.kind for f in verdict.findings}


@dataclass(frozen=True)
class Judged:
    """A specimen, and what became of it; `lacking` is what it needs and was not found by."""

    specimen: Specimen
    verdict: Verdict
    lacking: tuple[Part, ...] = ()

    @property
    def right(self) -> bool:
        return self.specimen.rightly(self.verdict) and not self.lacking


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
    several = pairs(listed(text, "ids"), "families, forms, layers, witnesses")
    with Fields(read_yaml(expected)) as fields:
        sentence = fields.required("sentence", text, "what is wrong with it, or right")
        kinds = fields.optional("kinds", listed(text, "kinds"), ())
        fields.optional("class", text, "")
        fields.optional("resembles", text, "")
        needs = fields.optional("needs", pairs(text, "family, form, layer, witness, scenario"), ())
        tempts = fields.optional("tempts", several, ())
        first = fields.optional("first", listed(text, "titles of scenarios"), ())
        mend = fields.optional("mend", listed(text, "places, each a path and a line"), ())
    if faulty != bool(kinds):
        what = "expected the kinds of its findings" if faulty else "a sound gateway has no kinds"
        raise InputError(Problem(str(expected), what))
    return Specimen(
        folder.name,
        folder / "candidate",
        own if own.exists() else policy,
        sentence,
        kinds,
        needs,
        tuple((what, one) for what, ids in tempts for one in ids),
        (*first, *(title for what, title in needs if what == SCENARIO and title not in first)),
        mend,
    )


def judge(session: Session, specimen: Specimen) -> Judged:
    """A sound gateway is judged as any candidate, a faulty one until it has shown its fault."""
    if not specimen.kinds:
        (verdict,) = check(session, [specimen.candidate], [])
        return Judged(specimen, replace(verdict, evidence=None))
    watch = Watch(specimen.kinds[0], specimen.needs, specimen.first)
    explain = bool(specimen.mend)
    (verdict,) = check(session, [specimen.candidate], [], [watch], explain=explain)
    return Judged(specimen, replace(verdict, evidence=None), tuple(watch.lacking))


def judge_corpus(
    specimens: Sequence[Specimen], jobs: int, seed: str, engine: str | None = None
) -> Iterator[Judged]:
    """Judge all of them, `jobs` at a time; LabError when the harness fails at one."""
    tasks = in_order(specimens)
    bench = partial(_bench, seed=seed, engine=engine)
    for one, answer in judge_all(tasks, jobs, bench, alike=_policy):
        if isinstance(answer, Failed):
            raise LabError(f"{one.name}: {answer.why}")
        yield answer


def in_order(specimens: Sequence[Specimen]) -> list[Specimen]:
    """What takes long comes first, lest all but one have nothing to do at the end: the policies
    that few are judged by, and of one policy the sound ones."""
    policies = [one.policy.read_bytes() for one in specimens]
    how_many = Counter(policies)
    keys = [(how_many[policy], policy) for policy in policies]
    ordered = sorted(range(len(specimens)), key=lambda at: (keys[at], bool(specimens[at].kinds)))
    return [specimens[at] for at in ordered]


def _policy(specimen: Specimen) -> bytes:
    return specimen.policy.read_bytes()


@contextlib.contextmanager
def _bench(
    specimen: Specimen, tell: Callable[[str], None], seed: str, engine: str | None
) -> Iterator[Callable[[Specimen], Judged]]:
    """A lab under the specimen's policy, to judge it and its like in."""
    from headgate.engines.choice import engine_named

    with Session(load_policy(specimen.policy), engine_named(engine), seed=seed) as session:
        yield partial(judge, session)


def named_lines(verdict: Verdict) -> list[str]:
    """The lines that the explanations of a verdict name, the first of each before all others."""
    places = [one.places for one in verdict.explanations]
    firsts = [some[0] for some in places if some]
    rest = [place for some in places for place in some[1:]]
    return list(dict.fromkeys(f"{place.file}:{place.line}" for place in (*firsts, *rest)))


def line(one: Judged) -> str:
    """What became of one of them, for whoever watches."""
    kinds = ", ".join(dict.fromkeys(finding.kind for finding in one.verdict.findings))
    word = "right" if one.right else "WRONG"
    said = f"{one.verdict.verdict} {kinds}".strip()
    return f"{word}  {one.verdict.seconds:4.1f} s  {one.specimen.name}: {said}"


def summary(judged: Sequence[Judged], seconds: float) -> Iterator[str]:
    """Recall, false alarms and time; before them each verdict that is not the deserved one."""
    for one in judged:
        if not one.right:
            expected = one.specimen.kinds[0] if one.specimen.kinds else APPROVED
            yield f"WRONG  {one.specimen.name}: expected {expected}, found {one.verdict.verdict}"
            yield f"       {one.specimen.sentence}"
            yield f"       {one.verdict.reason}"
            yield from (f"       not found by the {what} “{it}”" for what, it in one.lacking)
    faulty = [one for one in judged if one.specimen.kinds]
    sound = [one for one in judged if not one.specimen.kinds]
    found, alarms = sum(one.right for one in faulty), sum(not one.right for one in sound)
    yield f"recall        {found} of {len(faulty)} faulty gateways rejected for what is wrong"
    yield f"false alarms  {alarms} of {len(sound)} sound gateways not approved"
    yield from _lines_named([one for one in faulty if one.specimen.mend])
    yield f"time          {seconds:.0f} s, {seconds / max(1, len(judged)):.1f} s a gateway"


def _lines_named(judged: Sequence[Judged]) -> Iterator[str]:
    """How often the line that a person would mend is the one that was named."""
    if not judged:
        return
    first = among = 0
    for one in judged:
        named = named_lines(one.verdict)
        first += named[:1] != [] and named[0] in one.specimen.mend
        among += bool({*named} & {*one.specimen.mend})
        if not named or named[0] not in one.specimen.mend:
            found = ", ".join(named) or "none"
            expected = " or ".join(one.specimen.mend)
            yield f"OTHER LINE  {one.specimen.name}: expected {expected}, named {found}"
    count = len(judged)
    yield f"lines         {first} of {count} times the one to mend is named first, {among} at all"
