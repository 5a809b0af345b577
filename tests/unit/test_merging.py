"""Verdict files of several runs as one: what is not whole, or not of one mind, is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.unit.test_terminal import LEAK

from headgate.cli import main
from headgate.coverage.coverage import ENTERED, NEVER, Coverage, Figure, Place
from headgate.errors import InputError
from headgate.merging import merged
from headgate.reports.verdict_json import VerdictFile
from headgate.shards import Shard, described
from headgate.verdict import APPROVED, EXIT, NOT_JUDGED, REJECTED, Verdict

WHOLE = ("a", "b", "c", "d", "e")
DESERVED = {"a": APPROVED, "b": REJECTED, "c": APPROVED, "d": APPROVED, "e": APPROVED}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text("sites: []\n")
    return path


PLACE = Place("branch", "nginx.conf", 3, 4, "if ($arg_debug)")
COVERED = Coverage(
    {"branch": Figure(1, 2)}, (PLACE,), (), {"nginx.conf": {1: ENTERED, 3: NEVER}}, 12, 0.25
)


def verdict_on(name: str, **other: Any) -> Verdict:
    word = other.pop("verdict", DESERVED[name])
    findings = (LEAK,) if word == REJECTED else ()
    made = {
        "digest": f"sha256:{name}",
        "findings": findings,
        "seed": "s",
        "coverage": COVERED,
        **other,
    }
    return Verdict(name, verdict=word, reason="the reason", **made)


def written(
    path: Path,
    verdicts: Sequence[Verdict],
    shard: Shard | None = None,
    policy: Path = Path("none"),
    whole: Sequence[str] = WHOLE,
) -> Path:
    """A verdict file as a run writes it."""
    names = [Path(one) for one in whole]
    of = described(shard, names, policy) if shard else None
    file = VerdictFile(path, [Path(one.candidate) for one in verdicts], of)
    for at, one in enumerate(verdicts):
        file.take(at, one)
    file.write()
    return path


def shards(folder: Path, policy: Path, count: int) -> list[Path]:
    made = []
    for index in range(1, count + 1):
        shard = Shard(index, count)
        verdicts = [verdict_on(name) for name in shard.of(WHOLE)]
        made.append(written(folder / f"{index}.json", verdicts, shard, policy))
    return made


def problems(paths: Sequence[Path]) -> list[str]:
    with pytest.raises(InputError) as caught:
        merged(paths)
    return [f"{Path(one.where).name}: {one.what}" for one in caught.value.problems]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_shards_are_joined_in_the_order_of_their_list(
    tmp_path: Path, policy: Path, count: int
) -> None:
    paths = shards(tmp_path, policy, count)
    assert merged(paths[::-1]) == [verdict_on(name) for name in WHOLE]


def test_a_shard_that_is_missing_is_named(tmp_path: Path, policy: Path) -> None:
    one, _, three, _ = shards(tmp_path, policy, 4)
    assert problems([one, three]) == [
        "1.json: shard 2 of 4 is missing",
        "1.json: shard 4 of 4 is missing",
    ]


def test_a_shard_that_is_there_twice_alike_counts_once(tmp_path: Path, policy: Path) -> None:
    one, two = shards(tmp_path, policy, 2)
    again = tmp_path / "again.json"
    again.write_bytes(two.read_bytes())
    assert len(merged([one, two, again])) == len(WHOLE)


def test_a_shard_that_is_there_twice_with_other_verdicts_is_refused(
    tmp_path: Path, policy: Path
) -> None:
    one, two = shards(tmp_path, policy, 2)
    other = [verdict_on("b", verdict=APPROVED), verdict_on("d")]
    again = written(tmp_path / "again.json", other, Shard(2, 2), policy)
    assert problems([one, two, again]) == [f"again.json: b is approved here and rejected in {two}"]


def test_what_are_no_shards_of_one_list_is_refused(tmp_path: Path, policy: Path) -> None:
    one, two = shards(tmp_path, policy, 2)
    third = written(tmp_path / "third.json", [verdict_on("c")], Shard(3, 3), policy)
    alone = written(tmp_path / "alone.json", [verdict_on("a")])
    fewer = written(tmp_path / "fewer.json", [verdict_on("b")], Shard(2, 2), policy)
    whole = (*WHOLE[::-1],)
    list_ = written(tmp_path / "list.json", [verdict_on("d")], Shard(2, 2), policy, whole)
    other = tmp_path / "other.yaml"
    other.write_text("sites: [all]\n")
    ruled = written(tmp_path / "ruled.json", [verdict_on("b")], Shard(2, 2), other)
    assert problems([one, two, third, alone, fewer, list_, ruled]) == [
        f"third.json: shard 3/3, and {one} is 1/2",
        f"alone.json: this is no shard, and {one} is one",
        "fewer.json: expected the candidates of shard 2/2, and no others",
        f"list.json: a shard of another list of candidates than {one}",
        f"ruled.json: judged by another policy than {one}",
    ]


def test_an_empty_shard_approves_nothing(tmp_path: Path, policy: Path) -> None:
    empty = written(tmp_path / "empty.json", [], Shard(3, 3), policy, ["a", "b"])
    assert problems([empty]) == [
        "empty.json: shard 1 of 3 is missing",
        "empty.json: shard 2 of 3 is missing",
    ]
    nothing = written(tmp_path / "nothing.json", [], Shard(1, 1), policy, [])
    assert main(["merge", str(nothing)]) == EXIT[NOT_JUDGED]


def test_runs_that_are_no_shards_are_joined_as_they_are_given(tmp_path: Path) -> None:
    one = written(tmp_path / "one.json", [verdict_on("b"), verdict_on("a")])
    two = written(tmp_path / "two.json", [verdict_on("c"), verdict_on("a")])
    assert [verdict.candidate for verdict in merged([one, two])] == ["b", "a", "c"]


def test_runs_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path / "one.json", [verdict_on("a"), verdict_on("c")])
    two = written(
        tmp_path / "two.json", [verdict_on("a", verdict=REJECTED), verdict_on("c", digest="x")]
    )
    assert problems([one, two]) == [
        f"two.json: a is rejected here and approved in {one}",
        f"two.json: c has other files here than in {one}",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"candidates": [{}]}',
        '{"candidates": [{"candidate": "a", "digest": "", "verdict": "fine", "reason": ""}]}',
        '{"candidates": [], "shard": {"index": 2, "count": 1, "candidates": [], "policy": ""}}',
        '{"candidates": [], "shard": {"index": 1}}',
        '{"candidates": [], "shard": {}}',
    ],
)
def test_what_is_no_verdict_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content)
    (problem,) = problems([path])
    assert problem.startswith("verdict.json: not a verdict file")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problems([tmp_path / "1.json"]) == ["1.json: cannot be read: No such file or directory"]


@pytest.mark.parametrize(("other", "status"), [(APPROVED, 0), (REJECTED, 1), (NOT_JUDGED, 2)])
def test_the_exit_is_the_worst_and_the_joined_file_holds_all(
    tmp_path: Path, other: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "one.json", [verdict_on("a")])
    two = written(tmp_path / "two.json", [verdict_on("b", verdict=other)])
    joined = tmp_path / "joined.json"
    assert main(["merge", str(one), str(two), "--json", str(joined)]) == status
    assert f"\nb: {other}\n" in capsys.readouterr().out
    found = json.loads(joined.read_text())
    assert [one["verdict"] for one in found["candidates"]] == [APPROVED, other]
    assert merged([joined]) == merged([one, two])


def test_what_is_refused_leaves_no_older_approval(tmp_path: Path, policy: Path) -> None:
    one, _ = shards(tmp_path, policy, 2)
    joined = written(tmp_path / "joined.json", [verdict_on("a")])
    assert main(["merge", str(one), "--json", str(joined)]) == EXIT[NOT_JUDGED]
    assert json.loads(joined.read_text()) == {"candidates": []}
