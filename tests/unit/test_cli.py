"""The command's words and exits. Whatever goes wrong, there is no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from tests.unit.fakes import FakeSession

import headgate
from headgate import doctor
from headgate.cli import main
from headgate.doctor import Check
from headgate.errors import LabError
from headgate.gate import check, session
from headgate.numbers import are_hidden
from headgate.policy import Policy
from headgate.verdict import Verdict

POLICY = """\
identifier: {header: x-up-calling-line-id, value: "{msisdn}"}
consent: required
sites:
  - {host: premium.example, category: premium}
"""

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def the_signals_handlers_stay() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


class NoLab(FakeSession):
    """A session without a lab, as `headgate check` opens one."""

    opened: list[dict[str, Any]] = []  # noqa: RUF012
    broken: BaseException | None = None

    def __init__(self, policy: Policy, engine: object, **options: Any) -> None:
        super().__init__(policy)
        self.opened.append(options)

    def __enter__(self) -> Self:
        if self.broken:
            raise self.broken
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """There is nothing to take down."""


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> type[NoLab]:
    monkeypatch.setattr(session, "Session", NoLab)
    monkeypatch.setattr(NoLab, "opened", [])
    monkeypatch.setattr(NoLab, "broken", None)
    return NoLab


class Judging:
    """Gives the verdicts that the test has named, one a candidate."""

    def __init__(self) -> None:
        self.words: list[str | BaseException] = []
        self.features: Sequence[Path] = ()
        self.explain: bool | None = None
        self.strict = False

    def check(
        self,
        session: object,
        candidates: Sequence[Path],
        features: Sequence[Path],
        keeping: object = None,
        *,
        explain: bool,
        strict: bool,
    ) -> Iterator[Verdict]:
        self.explain = explain
        self.features = features
        self.strict = strict
        for path, word in zip(candidates, self.words, strict=False):
            if isinstance(word, BaseException):
                raise word
            yield Verdict(str(path), "sha256:0", word, "the reason")


@pytest.mark.parametrize(("words", "explained"), [([], True), (["--no-explain"], False)])
def test_findings_are_explained_unless_told_otherwise(
    words: list[str], explained: bool, judging: Judging, policy: Path
) -> None:
    judging.words = ["rejected"]
    run("check", "a", "--policy", policy, *words)
    assert judging.explain is explained


@pytest.fixture
def judging(lab: type[NoLab], monkeypatch: pytest.MonkeyPatch) -> Judging:
    one = Judging()
    monkeypatch.setattr(check, "check", one.check)
    return one


def run(*argv: object) -> int:
    return main(list(map(str, argv)))


def assert_plain(captured: Captured) -> tuple[str, str]:
    out, err = captured.readouterr()
    assert "Traceback" not in out + err
    assert "\033" not in out + err
    return out, err


# Help


def test_help_teaches_the_verdicts_and_shows_examples(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--help")
    assert caught.value.code == 0
    out, _ = assert_plain(capsys)
    for words in (
        "approved    (exit 0)",
        "rejected    (exit 1)",
        "not-judged  (exit 2)",
        "headgate check gateway_config/released --policy gateway_config/policy.yaml",
        "headgate doctor",
        "nginx.conf",
        "gateway.yaml",
    ):
        assert words in out
    assert max(map(len, out.splitlines())) <= 100


def test_help_on_check_names_every_option(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        run("check", "--help")
    out, _ = assert_plain(capsys)
    assert "CANDIDATE [CANDIDATE ...]" in out
    assert all(
        option in out
        for option in (
            "--policy FILE",
            "--json FILE",
            "--features DIR",
            "--jobs N",
            "--shard I/N",
            "--family ID",
        )
    )


def test_the_version_is_the_packages(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"headgate {headgate.__version__}\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["chekc"], "invalid choice: 'chekc'"),
        (["check"], "the following arguments are required: CANDIDATE, --policy"),
        (["check", "candidate"], "the following arguments are required: --policy"),
        (["check", "--policy", "p.yaml"], "the following arguments are required: CANDIDATE"),
        (["check", "a", "--policy"], "argument --policy: expected one argument"),
        (["check", "a", "--policy", "b", "--jsn", "c"], "unrecognized arguments: --jsn"),
        (["check", "a", "--policy", "b", "--jobs", "0"], "expected a number from 1, not 0"),
    ],
)
def test_a_wrong_command_line_exits_with_2(argv: list[str], words: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert words in assert_plain(capsys)[1]


# What is wrong with the input


def test_a_policy_that_is_not_there_is_named(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "polcy.yaml"
    assert run("check", tmp_path, "--policy", path) == 2
    out, err = assert_plain(capsys)
    assert out == ""
    assert err == f"headgate: {path}: there is no such file: expected a YAML file\n"


def test_a_mistyped_key_is_pointed_at(policy: Path, tmp_path: Path, capsys: Captured) -> None:
    policy.write_text(POLICY.replace("sites:", "sitse:"))
    assert run("check", tmp_path, "--policy", policy) == 2
    _, err = assert_plain(capsys)
    assert f"{policy}:3:1: unknown key `sitse`: did you mean `sites`?" in err


def test_every_problem_of_a_policy_is_told(policy: Path, tmp_path: Path, capsys: Captured) -> None:
    policy.write_text("identifier: {header: host}\nconsent: maybe\n")
    assert run("check", tmp_path, "--policy", policy) == 2
    _, err = assert_plain(capsys)
    assert len(err.splitlines()) > 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"{", b"- a\n", b"!!python/object:os.x {}"])
def test_a_policy_that_is_no_policy_is_refused(
    policy: Path, content: bytes, tmp_path: Path, capsys: Captured
) -> None:
    policy.write_bytes(content)
    assert run("check", tmp_path, "--policy", policy) == 2
    assert assert_plain(capsys)[1].startswith(f"headgate: {policy}:")


def test_a_candidate_that_is_not_there_is_not_judged(
    lab: type[NoLab], policy: Path, tmp_path: Path, capsys: Captured
) -> None:
    missing = tmp_path / "candidates" / "2012"
    assert run("check", missing, "--policy", policy) == 2
    out, _ = assert_plain(capsys)
    assert out.splitlines()[:2] == [
        f"{missing}: not-judged",
        f"  {missing}: there is no such directory: expected one that holds nginx.conf",
    ]


def test_a_candidate_that_is_a_file_is_not_judged(
    lab: type[NoLab], policy: Path, capsys: Captured
) -> None:
    assert run("check", policy, "--policy", policy) == 2
    assert "this is not a directory" in assert_plain(capsys)[0]


@pytest.mark.parametrize("what", ["a file", "nothing"])
def test_features_are_a_directory(
    what: str, policy: Path, tmp_path: Path, lab: type[NoLab], capsys: Captured
) -> None:
    path = policy if what == "a file" else tmp_path / "feature"
    assert run("check", tmp_path, "--policy", policy, "--features", path) == 2
    _, err = assert_plain(capsys)
    assert err == f"headgate: {path}: not a directory (--features takes a directory)\n"
    assert lab.opened == []


@pytest.mark.parametrize(
    ("place", "why"),
    [("missing/verdict.json", "No such file or directory"), (".", "Is a directory")],
)
def test_a_json_file_that_cannot_be_written_is_told_before_anything_is_judged(
    place: str, why: str, policy: Path, tmp_path: Path, lab: type[NoLab], capsys: Captured
) -> None:
    path = tmp_path / place
    assert run("check", tmp_path, "--policy", policy, "--json", path) == 2
    assert assert_plain(capsys) == ("", f"headgate: {path}: cannot be written: {why}\n")
    assert lab.opened == []


def test_a_folder_without_features_is_refused(
    lab: type[NoLab], policy: Path, tmp_path: Path, capsys: Captured
) -> None:
    """Whoever names it believes that something of theirs has been tried."""
    (tmp_path / "own" / "notes.feature").mkdir(parents=True)
    (tmp_path / "own" / "ours.features").write_text("Feature: Ours\n")
    words = f"{tmp_path / 'own'}: no feature file in it: expected files named *.feature"
    assert run("check", "a", "--policy", policy, "--features", tmp_path / "own") == 2
    assert assert_plain(capsys)[1] == f"headgate: {words}\n"
    assert lab.opened == []


# Verdicts


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["approved"], 0),
        (["rejected"], 1),
        (["not-judged"], 2),
        (["approved", "rejected", "approved"], 1),
        (["rejected", "not-judged", "approved"], 2),
    ],
)
def test_the_exit_is_the_worst_of_the_verdicts(
    words: list[str | BaseException], status: int, judging: Judging, policy: Path, capsys: Captured
) -> None:
    judging.words = words
    candidates = [f"candidate{index}" for index in range(len(words))]
    assert run("check", *candidates, "--policy", policy, "--jobs", 1) == status
    out, err = assert_plain(capsys)
    shown = [line for line in out.splitlines() if line.startswith("candidate")]
    assert shown == [f"{name}: {word}" for name, word in zip(candidates, words, strict=True)]
    assert err.endswith(" s  taking the lab down\n")


def test_no_verdict_is_no_approval(judging: Judging, policy: Path) -> None:
    assert run("check", "candidate", "--policy", policy) == 2


def test_the_json_holds_every_candidate(judging: Judging, policy: Path, tmp_path: Path) -> None:
    judging.words = ["approved", "rejected"]
    path = tmp_path / "verdict.json"
    assert run("check", "a", "b", "--policy", policy, "--json", path, "--jobs", 1) == 1
    found = json.loads(path.read_text())["candidates"]
    assert [(one["candidate"], one["verdict"]) for one in found] == [
        ("a", "approved"),
        ("b", "rejected"),
    ]


def test_the_report_holds_every_candidate(judging: Judging, policy: Path, tmp_path: Path) -> None:
    judging.words = ["approved", LabError("the node world is lost")]
    folder = tmp_path / "report"
    assert run("check", "a", "b", "--jobs", 1, "--policy", policy, "--report", folder) == 2
    assert sorted(one.name for one in folder.iterdir()) == [
        "1-a.html",
        "2-b.html",
        "index.html",
        "record.json",
    ]
    assert UNJUDGED[1] in (folder / "2-b.html").read_text()


def test_an_older_report_does_not_outlive_a_broken_policy(
    judging: Judging, policy: Path, tmp_path: Path
) -> None:
    judging.words = ["approved", "approved"]
    folder = tmp_path / "report"
    assert run("check", "a", "b", "--jobs", 1, "--policy", policy, "--report", folder) == 0
    policy.write_text("{")
    assert run("check", "a", "--policy", policy, "--report", folder) == 2
    assert [*folder.iterdir()] == []


def test_numbers_are_revealed_on_request_alone(
    judging: Judging, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[bool] = []

    def look(*words: object, **options: object) -> Iterator[Verdict]:
        hidden.append(are_hidden())
        yield Verdict("a", "", "approved", "")

    monkeypatch.setattr(check, "check", look)
    assert run("check", "a", "--policy", policy) == 0
    assert run("check", "a", "--policy", policy, "--reveal") == 0
    assert hidden == [True, False]
    assert are_hidden()


def test_seed_and_features_are_passed_on(
    judging: Judging, lab: type[NoLab], policy: Path, tmp_path: Path
) -> None:
    judging.words = ["approved"]
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two / "deeper"):
        folder.mkdir(parents=True)
        (folder / "ours.feature").write_text("Feature: Ours\n")
    argv = ["check", "a", "--policy", policy, "--features", one, "--features", two, "--seed", "s"]
    assert run(*argv) == 0
    assert judging.features == (one, two)
    assert lab.opened[0]["seed"] == "s"


@pytest.mark.parametrize("words", [[], ["--strict"]])
def test_coverage_is_measured_and_the_strict_want_all_of_it(
    lab: type[NoLab], judging: Judging, policy: Path, words: list[str]
) -> None:
    judging.words = ["approved"]
    assert run("check", "a", "--policy", policy, *words) == 0
    assert lab.opened[0]["covering"] is True
    assert judging.strict is bool(words)


# What goes wrong on the way


def left(path: Path) -> list[tuple[str, str]]:
    found = json.loads(path.read_text())["candidates"]
    return [(one["verdict"], one["reason"]) for one in found]


UNJUDGED = ("not-judged", "the run ended before this candidate was judged")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (LabError("the node world is lost"), 2, "headgate: the node world is lost\n"),
        (
            KeyboardInterrupt(),
            130,
            "headgate: interrupted; nothing was judged to its end\n",
        ),
        (
            ValueError("odd 447700900123"),
            2,
            (
                "headgate: failed: ValueError: odd 447700900***\n"
                "headgate: HEADGATE_DEBUG=1 shows where\n"
            ),
        ),
    ],
)
def test_a_run_that_ends_early_leaves_what_was_judged(
    error: BaseException,
    status: int,
    words: str,
    judging: Judging,
    policy: Path,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HEADGATE_DEBUG", raising=False)
    judging.words = ["approved", error]
    path = tmp_path / "verdict.json"
    argv = ["check", "a", "b", "c", "--policy", policy, "--json", path, "--jobs", 1]
    assert run(*argv) == status
    assert left(path) == [("approved", "the reason"), UNJUDGED, UNJUDGED]
    assert assert_plain(capsys)[1].endswith(words)


def test_a_lab_that_does_not_come_up_judges_nothing(
    lab: type[NoLab],
    monkeypatch: pytest.MonkeyPatch,
    policy: Path,
    tmp_path: Path,
    capsys: Captured,
) -> None:
    monkeypatch.setattr(lab, "broken", LabError("no engine answers at unix:///run/docker.sock"))
    path = tmp_path / "verdict.json"
    assert run("check", "a", "--policy", policy, "--json", path) == 2
    assert left(path) == [UNJUDGED]
    assert assert_plain(capsys)[1] == "headgate: no engine answers at unix:///run/docker.sock\n"


def test_an_older_approval_does_not_outlive_a_broken_policy(policy: Path, tmp_path: Path) -> None:
    policy.write_text("{")
    path = tmp_path / "verdict.json"
    path.write_text('{"candidates": [{"verdict": "approved"}]}')
    assert run("check", "a", "--policy", policy, "--json", path) == 2
    assert left(path) == [UNJUDGED]


def test_a_person_may_ask_where_it_failed(
    judging: Judging, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADGATE_DEBUG", "1")
    judging.words = [ValueError("odd")]
    with pytest.raises(ValueError, match="odd"):
        run("check", "a", "--policy", policy)


def test_a_signal_to_end_ends_it(
    lab: type[NoLab], policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ending(*args: Any, **options: Any) -> Iterator[Verdict]:
        os.kill(os.getpid(), signal.SIGTERM)
        yield Verdict("a", "", "approved", "never seen")

    monkeypatch.setattr(check, "check", ending)
    assert run("check", "a", "--policy", policy) == 143


# The doctor


@pytest.mark.parametrize(
    ("states", "status"), [(["ok"], 0), (["ok", "warn"], 0), (["ok", "fail", "warn"], 2)]
)
def test_the_doctor_says_what_is_missing_and_how_to_mend_it(
    states: list[doctor.State], status: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    checks = [Check("python", state, "3.9 is old", "apt-get install it") for state in states]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    assert run("doctor") == status
    out, _ = assert_plain(capsys)
    assert out.splitlines()[:2] == [
        f"{states[0]:4}  python: 3.9 is old",
        "      mend: apt-get install it",
    ]


TALKATIVE = """
from headgate import cli, doctor
doctor.examine = lambda: [doctor.Check("python", "ok", "x" * 1000)] * 1000
raise SystemExit(cli.main(["doctor"]))
"""


def test_a_reader_who_goes_away_is_no_error() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", TALKATIVE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=env) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 2


# Shards and families


def test_a_shard_is_judged_alone_and_says_which_it_is(
    judging: Judging, policy: Path, tmp_path: Path
) -> None:
    judging.words = ["approved"]
    path = tmp_path / "verdict.json"
    assert run("check", "a", "b", "--policy", policy, "--json", path, "--shard", "2/2") == 0
    found = json.loads(path.read_text())
    assert [one["candidate"] for one in found["candidates"]] == ["b"]
    shard = found["shard"]
    assert (shard["index"], shard["count"], shard["candidates"]) == (2, 2, ["a", "b"])


def test_an_empty_shard_needs_no_lab_and_approves_nothing(
    lab: type[NoLab], policy: Path, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "verdict.json"
    assert run("check", "a", "--policy", policy, "--json", path, "--shard", "2/2") == 0
    out, _ = assert_plain(capsys)
    assert out == "shard 2/2 of 1 candidates is empty: nothing was judged\n"
    assert json.loads(path.read_text())["candidates"] == []
    assert lab.opened == []


def test_an_empty_shard_of_a_policy_that_is_none_is_an_error(policy: Path) -> None:
    policy.write_text("{")
    assert run("check", "a", "--policy", policy, "--shard", "2/2") == 2


def test_the_variables_split_nothing_unless_they_are_asked(
    judging: Judging, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_NODE_INDEX", "2")
    monkeypatch.setenv("CI_NODE_TOTAL", "2")
    judging.words = ["approved"]
    assert run("check", "a", "--policy", policy) == 0
    judging.words = ["rejected"]
    assert run("check", "a", "b", "--policy", policy, "--shard", "env") == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--family", "ordinry"], "--family ordinry: did you mean `ordinary`?"),
        (["--shard", "3/2"], "--shard 3/2: expected a number from 1 to 2, not 3 of 2"),
    ],
)
def test_what_cannot_be_meant_is_told_before_there_is_a_lab(
    argv: list[str], words: str, lab: type[NoLab], policy: Path, capsys: Captured
) -> None:
    assert run("check", "a", "--policy", policy, *argv) == 2
    assert assert_plain(capsys)[1] == f"headgate: {words}\n"
    assert lab.opened == []


def test_families_and_features_of_ones_own_are_not_for_one_run(
    lab: type[NoLab], policy: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "ours.feature").write_text("Feature: Ours\n")
    argv = ["--features", tmp_path, "--family", "ordinary"]
    assert run("check", "a", "--policy", policy, *argv) == 2
    assert "--features has no use beside it" in assert_plain(capsys)[1]
