"""The kernel tells of saves, in whatever way an editor makes them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.saves import Saves


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "candidate" / "conf.d").mkdir(parents=True)
    (tmp_path / "candidate" / "nginx.conf").write_text("events {}\n")
    (tmp_path / "policy.yaml").write_text("sites: []\n")
    (tmp_path / "notes").write_text("")
    return tmp_path


@pytest.fixture
def saves(tree: Path) -> Iterator[Saves]:
    with Saves(trees=[tree / "candidate"], files=[tree / "policy.yaml"]) as watched:
        yield watched


def written(tree: Path) -> None:
    (tree / "candidate" / "nginx.conf").write_text("events { }\n")


def renamed(tree: Path) -> None:
    (tree / "candidate" / "nginx.conf.new").write_text("events { }\n")
    (tree / "candidate" / "nginx.conf.new").rename(tree / "candidate" / "nginx.conf")


def deep(tree: Path) -> None:
    (tree / "candidate" / "conf.d" / "10.conf").write_text("")


def removed(tree: Path) -> None:
    (tree / "candidate" / "nginx.conf").unlink()


def made_executable(tree: Path) -> None:
    (tree / "candidate" / "nginx.conf").chmod(0o755)


def linked(tree: Path) -> None:
    (tree / "candidate" / "here.conf").symlink_to("nginx.conf")


def replaced(tree: Path) -> None:
    (tree / "candidate").rename(tree / "old")
    (tree / "candidate").mkdir()


def policy_written(tree: Path) -> None:
    (tree / "policy.yaml").write_text("")


def policy_renamed(tree: Path) -> None:
    (tree / "notes").rename(tree / "policy.yaml")


@pytest.mark.parametrize(
    "save",
    [
        written,
        renamed,
        deep,
        removed,
        made_executable,
        linked,
        replaced,
        policy_written,
        policy_renamed,
    ],
)
def test_a_save_is_told_once_it_is_complete(
    saves: Saves, tree: Path, save: Callable[[Path], None]
) -> None:
    assert not saves.happened()
    save(tree)
    saves.wait()
    assert not saves.happened()


@pytest.mark.parametrize(
    "name",
    ["notes", "candidate/.nginx.conf.swp", "candidate/nginx.conf~", "candidate/4913",
     "candidate/.#nginx.conf", "candidate/#nginx.conf#", "candidate/conf.d/.10.conf.swx"],
)  # fmt: skip
def test_what_is_no_save_is_not_told(saves: Saves, tree: Path, name: str) -> None:
    (tree / name).write_text("something")
    assert not saves.happened()


def test_reading_is_no_save(saves: Saves, tree: Path) -> None:
    shutil.copytree(tree / "candidate", tree / "copy")
    assert not saves.happened()


def test_a_folder_that_is_new_is_watched_after_another_look(saves: Saves, tree: Path) -> None:
    (tree / "candidate" / "lua").mkdir()
    assert saves.happened()
    saves.look_again()
    (tree / "candidate" / "lua" / "gateway.lua").write_text("")
    assert saves.happened()


def test_a_candidate_that_is_not_there_is_told_when_it_comes(tree: Path) -> None:
    with Saves(trees=[tree / "later"]) as watched:
        (tree / "later").mkdir()
        assert watched.happened()


def test_more_than_the_kernel_can_tell_one_by_one_is_a_save(saves: Saves, tree: Path) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for _ in range(most):  # more than one event each, none of them a save
        (tree / "candidate" / "4913").write_text("something")
    assert saves.happened()
