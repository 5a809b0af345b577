"""`headgate merge`: verdict files of several runs as one.

What is joined must be whole: of a list in shards every shard, each with the verdict on every
candidate that is its own, under one policy. What is there twice must be there alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.coverage.coverage import coverage_from
from headgate.errors import InputError, Problem
from headgate.shards import Shard
from headgate.verdict import EXIT, Finding, Verdict

if TYPE_CHECKING:
    from headgate.explain.explanation import Explanation

_WORDS = ("candidate", "digest", "verdict", "reason")


@dataclass(frozen=True)
class Part:
    """One verdict file: its verdicts and, where it is a shard's, which one and of which list."""

    path: Path
    verdicts: tuple[Verdict, ...]
    shard: Shard | None = None
    whole: tuple[str, ...] = ()
    policy: str = ""


def merged(paths: Sequence[Path]) -> list[Verdict]:
    """The verdicts of all files: of shards in the order of their list, of others as they are given.

    Raises InputError with every problem found.
    """
    parts = [read(path) for path in paths]
    joined = _of_shards if any(part.shard for part in parts) else _of_runs
    return joined(parts)


# Reading


def read(path: Path) -> Part:
    """One verdict file, InputError when it is none."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    except ValueError as error:
        raise InputError(Problem(str(path), f"not a verdict file: {error}")) from None
    try:
        verdicts = tuple(map(_verdict, document["candidates"]))
        shard = document.get("shard")
        return Part(path, verdicts, *(_shard(shard) if shard is not None else ()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"not a verdict file as `headgate check --json` writes it ({error!r})"
        raise InputError(Problem(str(path), what)) from None


def _verdict(raw: Mapping[str, Any]) -> Verdict:
    if not all(isinstance(raw[word], str) for word in _WORDS):
        raise ValueError(f"expected text as {', '.join(_WORDS)}")
    if raw["verdict"] not in EXIT:
        raise ValueError(f"unknown verdict {raw['verdict']}")
    findings = tuple(Finding(**one) for one in raw["findings"])
    coverage = coverage_from(raw["coverage"]) if raw.get("coverage") else None
    known = {"findings": findings, "notes": tuple(raw["notes"]), "coverage": coverage}
    return Verdict(**{**raw, **known, "explanations": _explanations(raw.get("explanations", ()))})


def _explanations(raw: Sequence[Mapping[str, Any]]) -> tuple[Explanation, ...]:
    from headgate.explain.explanation import explanation_from

    return tuple(map(explanation_from, raw))


def _shard(raw: Mapping[str, Any]) -> tuple[Shard, tuple[str, ...], str]:
    shard = Shard(raw["index"], raw["count"])
    whole = tuple(raw["candidates"])
    if not 1 <= shard.index <= shard.count:
        raise ValueError(f"there is no shard {shard}")
    if not all(isinstance(one, str) for one in whole):
        raise ValueError("expected a list of candidates")
    return shard, whole, str(raw["policy"])


# Joining


def _of_runs(parts: Sequence[Part]) -> list[Verdict]:
    found: dict[str, tuple[Part, Verdict]] = {}
    problems: list[Problem] = []
    for part in parts:
        for verdict in part.verdicts:
            first, known = found.setdefault(verdict.candidate, (part, verdict))
            problems += _unlike(first, known, part, verdict)
    _refuse(problems)
    return [verdict for _, verdict in found.values()]


def _of_shards(parts: Sequence[Part]) -> list[Verdict]:
    _refuse(_not_of_one_list(parts))
    first = parts[0]
    assert first.shard
    found: dict[int, Part] = {}
    problems: list[Problem] = []
    for part in parts:
        assert part.shard
        known = found.setdefault(part.shard.index, part)
        for one, other in zip(known.verdicts, part.verdicts, strict=True):
            problems += _unlike(known, one, part, other)
    missing = [n for n in range(1, first.shard.count + 1) if n not in found]
    problems += [
        Problem(str(first.path), f"shard {number} of {first.shard.count} is missing")
        for number in missing
    ]
    _refuse(problems)
    placed: dict[int, Verdict] = {}
    for part in found.values():
        assert part.shard
        placed |= zip(part.shard.of(range(len(part.whole))), part.verdicts, strict=True)
    return [placed[at] for at in range(len(first.whole))]


def _not_of_one_list(parts: Sequence[Part]) -> Iterator[Problem]:
    """Whatever speaks against these files being shards of the list that the first one names."""
    first = next(part for part in parts if part.shard)
    assert first.shard
    for part in parts:
        where = str(part.path)
        if part.shard is None:
            yield Problem(where, f"this is no shard, and {first.path} is one")
        elif part.shard.count != first.shard.count:
            yield Problem(where, f"shard {part.shard}, and {first.path} is {first.shard}")
        elif part.whole != first.whole:
            yield Problem(where, f"a shard of another list of candidates than {first.path}")
        elif part.policy != first.policy:
            yield Problem(where, f"judged by another policy than {first.path}")
        elif [one.candidate for one in part.verdicts] != part.shard.of(part.whole):
            yield Problem(where, f"expected the candidates of shard {part.shard}, and no others")


def _unlike(one: Part, known: Verdict, other: Part, verdict: Verdict) -> Iterator[Problem]:
    where, name = str(other.path), verdict.candidate
    if known.verdict != verdict.verdict:
        words = f"{verdict.verdict} here and {known.verdict} in {one.path}"
        yield Problem(where, f"{name} is {words}")
    elif known.digest != verdict.digest:
        yield Problem(where, f"{name} has other files here than in {one.path}")


def _refuse(problems: Iterator[Problem] | Sequence[Problem]) -> None:
    if found := [*problems]:
        raise InputError(*found)
