"""What `headgate check` writes, and what it says when that cannot be written."""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.unit.bundles import LEAK, POLICY, bench_in, ssh_key, verdict_of

from headgate import outputs
from headgate.errors import HeadgateError
from headgate.files import assert_room, write_whole
from headgate.outputs import FORMATS, Outputs, bundle_paths
from headgate.verdict import REJECTED, Verdict

REASON = "the run ended before this candidate was judged"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own, to be in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_bytes(POLICY)
    return tmp_path


def asked(*words: str, candidates: Sequence[str] = ("candidate",)) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    outputs.add_options(parser)
    given: dict[str, Any] = {"features": [], "policy": Path("policy.yaml")}
    args = parser.parse_args(list(words))
    return argparse.Namespace(**vars(args), **given, candidates=[*map(Path, candidates)])


EVERY = [word for one in FORMATS for word in (f"--{one.option}", f"out.{one.option}")]


def test_every_format_is_written_before_anything_is_judged(folder: Path) -> None:
    """So an older approval is gone, and what cannot be written is known."""
    for one in FORMATS:
        (folder / f"out.{one.option}").write_text("approved")
    with Outputs(asked(*EVERY)):
        for one in FORMATS:
            text = (folder / f"out.{one.option}").read_text()
            assert REASON in text, one.option


def test_every_format_holds_the_verdict_in_the_end(folder: Path) -> None:
    with Outputs(asked(*EVERY)) as written:
        written.add(0, verdict_of(REJECTED, LEAK))
    for one in FORMATS:
        text = (folder / f"out.{one.option}").read_text()
        assert "x-up-calling-line-id" in text, one.option
        assert REASON not in text


def interrupted(args: argparse.Namespace, at: int, verdict: Verdict) -> None:
    """A run that knows one verdict when somebody presses Ctrl-C."""
    with Outputs(args) as written:
        written.add(at, verdict)
        raise KeyboardInterrupt


def test_a_run_that_fails_leaves_what_it_knows(folder: Path) -> None:
    args = asked("--markdown", "v.md", candidates=["a", "b", "c"])
    with pytest.raises(KeyboardInterrupt):
        interrupted(args, 1, verdict_of(candidate="b"))
    text = (folder / "v.md").read_text()
    assert (text.count("approved"), text.count(REASON)) == (2, 4)


@pytest.mark.parametrize("option", [*(one.option for one in FORMATS), "bundle"])
@pytest.mark.parametrize(
    ("place", "why"), [("missing/file", "No such file or directory"), (".", "Is a directory")]
)
def test_a_place_that_cannot_be_written_to_is_told_before_the_run(
    option: str, place: str, why: str
) -> None:
    with pytest.raises(HeadgateError) as caught, Outputs(asked(f"--{option}", place)):
        pytest.fail("a run would have begun")
    assert str(caught.value) == f"{Path(place)}: cannot be written: {why}"


@pytest.mark.parametrize("option", [one.option for one in FORMATS])
def test_a_full_disk_is_told_before_the_run(option: str) -> None:
    with pytest.raises(HeadgateError) as caught, Outputs(asked(f"--{option}", "/dev/full")):
        pytest.fail("a run would have begun")
    assert str(caught.value) == "/dev/full: cannot be written: No space left on device"


def test_a_disk_that_would_fill_is_told_before_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Usage(1 << 20))
    with pytest.raises(HeadgateError) as caught, Outputs(asked("--bundle", "b.tar")):
        pytest.fail("a run would have begun")
    assert str(caught.value) == (f"{folder}: 1 MiB are left, and what is bundled may take 48 MiB")


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


def test_an_older_bundle_does_not_outlive_a_run_that_fails(folder: Path) -> None:
    (folder / "b.tar").write_text("an older approval")
    with Outputs(asked("--bundle", "b.tar")):
        assert not (folder / "b.tar").exists()


def test_a_key_without_a_bundle_signs_nothing(folder: Path) -> None:
    key = ssh_key(folder)
    with (
        pytest.raises(HeadgateError, match="name one with --bundle"),
        Outputs(asked("--sign", str(key))),
    ):
        pytest.fail("a run would have begun")


def test_a_key_that_cannot_sign_is_told_before_the_run() -> None:
    with (
        pytest.raises(HeadgateError, match="none: the key cannot be read"),
        Outputs(asked("--bundle", "b.tar", "--sign", "none")),
    ):
        pytest.fail("a run would have begun")


def test_a_bundle_never_reveals_numbers(folder: Path) -> None:
    """What it says of itself is that numbers stand in its raw evidence alone."""
    with (
        pytest.raises(HeadgateError, match="raw evidence alone: no --reveal"),
        Outputs(asked("--bundle", "b.tar", "--reveal")),
    ):
        pytest.fail("a run would have begun")


def test_a_report_is_written_for_people(folder: Path) -> None:
    with Outputs(asked("--report", "pages")) as written:
        written.add(0, verdict_of(REJECTED, LEAK))
    assert "x-up-calling-line-id" in (folder / "pages" / "index.html").read_text()


def test_several_candidates_get_a_bundle_each() -> None:
    paths = [Path("configs/released"), Path("configs/released/"), Path("fix")]
    assert bundle_paths(Path("out/e.tar"), paths) == [
        Path("out/e.1-released.tar"),
        Path("out/e.2-released.tar"),
        Path("out/e.3-fix.tar"),
    ]
    assert bundle_paths(Path("out/e.tar"), paths[:1]) == [Path("out/e.tar")]


def test_a_candidate_that_was_never_run_gets_a_bundle_too(folder: Path) -> None:
    bench = bench_in(folder)
    with Outputs(asked("--bundle", "b.tar", "--sign", str(bench.key))) as written:
        written.add(0, verdict_of("not-judged", digest=""))
    done = subprocess.run(["tar", "-xOf", "b.tar", "README.txt"], capture_output=True, check=True)
    assert b"MISSING. It was not run." in done.stdout


def test_annotations_are_printed_for_github(capsys: pytest.CaptureFixture[str]) -> None:
    with Outputs(asked("--github")) as written:
        written.add(0, verdict_of(REJECTED, LEAK))
    out = capsys.readouterr().out
    assert out.startswith("::error file=candidate/nginx.conf,line=1,title=headgate leak%3A")
    assert out.count("\n") == 1


# Files


def test_a_file_is_replaced_whole_or_not_at_all(folder: Path) -> None:
    path = folder / "file"
    path.write_text("old")

    def half(file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(HeadgateError, match="cannot be written: No space left on device"):
        write_whole(path, half)
    assert path.read_text() == "old"
    assert [one.name for one in folder.iterdir() if "part" in one.name] == []


def test_a_link_stays_a_link(folder: Path) -> None:
    (folder / "link").symlink_to("file")
    write_whole(folder / "link", b"data")
    assert (folder / "link").is_symlink()
    assert (folder / "file").read_bytes() == b"data"


def test_a_file_is_readable_as_any_other(folder: Path) -> None:
    write_whole(folder / "file", b"data")
    (folder / "other").write_text("")
    assert stat.S_IMODE((folder / "file").stat().st_mode) == stat.S_IMODE(
        (folder / "other").stat().st_mode
    )


def test_a_pipe_is_written_to(folder: Path) -> None:
    reader, writer = os.pipe()
    write_whole(Path(f"/dev/fd/{writer}"), b"data")
    assert os.read(reader, 9) == b"data"


def test_room_is_asked_for(folder: Path) -> None:
    assert_room(folder, 1, "this")
    with pytest.raises(HeadgateError, match="and this may take"):
        assert_room(folder, 1 << 62, "this")
    with pytest.raises(HeadgateError, match="cannot be written to: No such file"):
        assert_room(folder / "none", 1, "this")
