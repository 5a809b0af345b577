"""A list in parts: the same wherever it is reckoned, and nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import HeadgateError
from headgate.shards import Shard, described, shard_of


@given(st.lists(st.integers()), st.integers(1, 40))
def test_the_parts_hold_each_candidate_once_and_are_of_one_size(
    whole: list[int], count: int
) -> None:
    parts = [Shard(index, count).of(whole) for index in range(1, count + 1)]
    assert sorted(one for part in parts for one in part) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ("1/1", {}, Shard(1, 1)),
        ("3/4", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}, Shard(3, 4)),
        ("env", {"JOB_COMPLETION_INDEX": "0", "HEADGATE_SHARDS": "4"}, Shard(1, 4)),
        ("env", {"JOB_COMPLETION_INDEX": "3", "HEADGATE_SHARDS": "4"}, Shard(4, 4)),
        ("env", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "4"}, Shard(1, 4)),
        ("env", {"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "4"}, Shard(4, 4)),
        # GitLab sets the total alone in a job that is not parallel.
        (
            "env",
            {"JOB_COMPLETION_INDEX": "0", "HEADGATE_SHARDS": "2", "CI_NODE_TOTAL": "1"},
            Shard(1, 2),
        ),
    ],
)
def test_a_shard_is_named_or_told_by_the_system_that_started_it(
    words: str, environment: dict[str, str], expected: Shard
) -> None:
    assert shard_of(words, environment) == expected


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        ("2", {}, "--shard 2: expected I/N, such as 1/4, or `env`"),
        ("a/b", {}, "--shard a/b: expected I/N, such as 1/4, or `env`"),
        ("0/4", {}, "--shard 0/4: expected a number from 1 to 4, not 0 of 4"),
        ("5/4", {}, "--shard 5/4: expected a number from 1 to 4, not 5 of 4"),
        ("1/0", {}, "--shard 1/0: expected at least one shard, not 1 of 0"),
        (
            "env",
            {},
            (
                "--shard env: expected JOB_COMPLETION_INDEX and HEADGATE_SHARDS or CI_NODE_INDEX "
                "and CI_NODE_TOTAL in the environment"
            ),
        ),
        (
            "env",
            {"JOB_COMPLETION_INDEX": "4", "HEADGATE_SHARDS": "4"},
            (
                "--shard env: JOB_COMPLETION_INDEX and HEADGATE_SHARDS: expected a number from 0 "
                "to 3, not 4 of 4"
            ),
        ),
        (
            "env",
            {"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "4"},
            "--shard env: expected numbers in CI_NODE_INDEX and CI_NODE_TOTAL",
        ),
        (
            "env",
            {
                "JOB_COMPLETION_INDEX": "0",
                "HEADGATE_SHARDS": "4",
                "CI_NODE_INDEX": "1",
                "CI_NODE_TOTAL": "4",
            },
            "--shard env: JOB_COMPLETION_INDEX and CI_NODE_INDEX are both there: expected I/N",
        ),
    ],
)
def test_what_names_no_shard_is_refused(
    words: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(HeadgateError) as caught:
        shard_of(words, environment)
    assert str(caught.value) == message


def test_a_shards_file_tells_which_part_of_which_list_under_which_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_bytes(b"")
    assert described(Shard(2, 3), [Path("a"), Path("b")], policy) == {
        "index": 2,
        "count": 3,
        "candidates": ["a", "b"],
        "policy": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
