"""docs/evidence.md: its commands prove a bundle without Headgate, and its tables are true."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.bundles import Bench, bench_in

from headgate.bundle import layout
from headgate.bundle.archive import Member
from headgate.bundle.statuses import MEANINGS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evidence.md").read_text("utf-8")
WHOSE, VERDICT, DEPLOYED, ATTESTATION = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)

# What the page says that it takes, and the shell's own.
PROGRAMS = ("tar", "ssh-keygen", "sha256sum", "openssl")
SHELLS = ("mkdir", "find", "sort", "grep", "sed", "cut", "wc", "cat", "tail", "diff")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return bench_in(tmp_path)


def handed_over(bench: Bench, bundle: Path) -> Path:
    """The folder of a third party, who has the bundle, who may sign, and what is to be deployed."""
    folder = bench.folder / "third"
    folder.mkdir()
    shutil.copy(bundle, folder / "evidence.tar")
    shutil.copy(bench.allowed, folder / "allowed_signers")
    shutil.copytree(bench.candidate, folder / "deployed", symlinks=True)
    tools = folder / "tools"
    tools.mkdir()
    for name in (*PROGRAMS, *SHELLS):
        found = shutil.which(name)
        assert found, f"{name} is not installed"
        (tools / name).symlink_to(found)
    return folder


def by_hand(folder: Path, *steps: str) -> subprocess.CompletedProcess[str]:
    """The page's commands in a shell that knows no other programs."""
    script = f"set -e\n{WHOSE}\n" + "\n".join(steps)
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, "-c", script],
        cwd=folder,
        env={"PATH": str(folder / "tools"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_third_party_proves_all_of_it(bench: Bench) -> None:
    done = by_hand(handed_over(bench, bench.bundle()), VERDICT, DEPLOYED, ATTESTATION)
    assert done.returncode == 0, done.stderr
    digest = bench.contents().record["verdict"]["digest"].removeprefix("sha256:")
    for words in (
        'Good "headgate-evidence@v1" signature for ci@carrier.example',
        "every file is OK",
        '"verdict": "approved"',
        f"{digest}  candidate.sums",
        "it is what was judged",
        "Signature Verified Successfully",
        f'"digest":{{"sha256":"{digest}"}}',
        '"result":"PASSED"',
    ):
        assert words in done.stdout
    assert "unsigned" not in done.stdout


def test_a_third_party_sees_a_changed_file(bench: Bench) -> None:
    members = bench.members()
    members["candidate/nginx.conf"] = Member(b"events { }\n")
    done = by_hand(handed_over(bench, bench.write(members)))
    assert "candidate/nginx.conf: FAILED" in done.stdout
    assert "every file is OK" not in done.stdout


def test_a_third_party_sees_an_extra_file(bench: Bench) -> None:
    members = {**bench.members(), "candidate/nginx": Member(b"#\n")}
    done = by_hand(handed_over(bench, bench.write(members)))
    assert "unsigned: candidate/nginx\n" in done.stdout


def test_a_third_party_sees_a_foreign_signature(bench: Bench) -> None:
    folder = handed_over(bench, bench.bundle())
    (folder / "allowed_signers").write_text("")
    done = by_hand(folder)
    assert done.returncode
    assert "Good" not in done.stdout


def test_a_third_party_sees_that_something_else_is_deployed(bench: Bench) -> None:
    folder = handed_over(bench, bench.bundle())
    (folder / "deployed" / "nginx.conf").write_text("events { }\n")
    done = by_hand(folder, DEPLOYED)
    assert done.returncode
    assert "it is what was judged" not in done.stdout
    assert "> " in done.stdout


def test_a_third_party_sees_another_attestation(bench: Bench) -> None:
    folder = handed_over(bench, bench.bundle())
    done = by_hand(folder, ATTESTATION.replace("cat payload.json;", "echo;"))
    assert done.returncode
    assert "Signature Verification Failure" in done.stdout + done.stderr


def test_the_table_of_exits_is_the_commands() -> None:
    assert {
        int(status): words for status, words in re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.M)
    } == MEANINGS


def test_the_table_of_contents_is_complete() -> None:
    names = [value for name, value in vars(layout).items() if name.isupper() and name != "WORDS"]
    told = [name for name in names if isinstance(name, str) and name != layout.SETTINGS]
    assert [name for name in told if f"`{name}`" not in PAGE] == []
