"""The ready files for people's pipelines, carried out: their own script lines, on real gateways."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from tests.system.runs import CANDIDATES, LONGEST, SHORT, TOP
from tests.unit.bundles import allowed_signers, ssh_key

PIPELINES = TOP / "pipelines"
SCRIPTS = Path(sys.executable).parent

# A gateway that is sound under the shortest policy, and one that does not load.
SOUND, BROKEN = "tells-nobody", "unknown-directive"

Words = Mapping[str, str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Somebody's repository, in the layout that the files expect."""
    config = tmp_path / "tree" / "gateway_config"
    config.mkdir(parents=True)
    shutil.copy(SHORT, config / "policy.yaml")
    shutil.copytree(CANDIDATES / SOUND, config / "released")
    shutil.copytree(CANDIDATES / BROKEN, config / "broken")
    return config.parent


def shell(
    script: str, tree: Path, words: Words, *, bash: tuple[str, ...] = ("-e",)
) -> subprocess.CompletedProcess[str]:
    """A script as a runner starts it, with the installed `headgate` and these variables."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", *bash, "-c", script],
        cwd=tree,
        env={**os.environ, "PATH": path, **words},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def verdict_in(path: Path) -> str:
    (one,) = json.loads(path.read_text())["candidates"]
    return str(one["verdict"])


# GitLab


def gitlab() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())
    return found


def gitlab_job(name: str, tree: Path, words: Words) -> subprocess.CompletedProcess[str]:
    told = gitlab()
    job = told[name]
    done = shell("\n".join(job["script"]), tree, {**told["variables"], **words})
    shell("\n".join(job.get("after_script", [])), tree, words)
    return done


def test_gitlab_judges_signs_and_deploys(tree: Path) -> None:
    key = ssh_key(tree.parent)
    words = {"HEADGATE_ALLOWED_SIGNERS": str(allowed_signers(key))}
    key.chmod(0o666)  # as GitLab leaves a file of a variable
    done = gitlab_job("headgate", tree, {"HEADGATE_KEY": str(key)})
    assert done.returncode == 0, done.stdout + done.stderr
    artifacts = gitlab()["headgate"]["artifacts"]
    for name in (*artifacts["paths"], *artifacts["reports"].values()):
        assert (tree / name).stat().st_size, name
    assert not (tree / "headgate.key").exists()
    done = gitlab_job("deploy", tree, words)
    assert done.returncode == 0, done.stderr
    assert "put your own deployment of gateway_config/released here" in done.stdout
    (tree / "gateway_config" / "released" / "more.conf").write_text("#\n")
    done = gitlab_job("deploy", tree, words)
    assert (done.returncode, "put your own" in done.stdout) == (13, False)


def test_gitlab_tells_a_rejection_from_what_may_be_tried_again(tree: Path) -> None:
    done = gitlab_job("headgate", tree, {"HEADGATE_CANDIDATE": "gateway_config/broken"})
    assert done.returncode in gitlab()["headgate"]["retry"]["exit_codes"]
    (issue,) = json.loads((tree / "headgate.codequality.json").read_text())
    assert issue["location"]["path"] == "gateway_config/broken/nginx.conf"
    assert issue["location"]["lines"]["begin"] > 1
    assert ET.parse(tree / "headgate.junit.xml").getroot().get("errors") != "0"


# GitHub


def github_step(tree: Path, words: Words) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """The action's only step with its inputs filled in; its outputs and its summary."""
    action = yaml.safe_load((PIPELINES / "github" / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    given = {name: told.get("default", "") for name, told in action["inputs"].items()}
    env = {name: _filled(value, {**given, **words}) for name, value in step["env"].items()}
    files = {"GITHUB_OUTPUT": tree / "output", "GITHUB_STEP_SUMMARY": tree / "summary"}
    for path in files.values():
        path.write_text("")
    env |= {name: str(path) for name, path in files.items()}
    done = shell(step["run"], tree, env, bash=("--noprofile", "--norc", "-e", "-o", "pipefail"))
    return done, *(path.read_text() for path in files.values())  # type: ignore[return-value]


def _filled(value: str, given: Words) -> str:
    return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], value)


def test_github_judges_and_sums_up(tree: Path) -> None:
    key = ssh_key(tree.parent)
    words = {
        "candidate": "gateway_config/released",
        "policy": "gateway_config/policy.yaml",
        "key": key.read_text().rstrip("\n"),  # as a secret comes
    }
    done, output, summary = github_step(tree, words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output == "verdict=approved\n"
    assert "### ✅ approved: `gateway_config/released`" in summary
    assert "::error" not in done.stdout
    proof = ["verify", "headgate.tar", "--allowed-signers", str(allowed_signers(key))]
    assert shell(" ".join(["headgate", *proof]), tree, {}).returncode == 0


def test_github_marks_the_line_that_is_to_blame(tree: Path) -> None:
    words = {"candidate": "gateway_config/broken", "policy": "gateway_config/policy.yaml"}
    done, output, summary = github_step(tree, words)
    assert (done.returncode, output) == (2, "verdict=not-judged\n")
    assert "not-judged: `gateway_config/broken`" in summary
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("::"))
    match = re.match(r"::error file=(\S+),line=(\d+),title=", line)
    assert match
    blamed = (tree / match[1]).read_text().splitlines()[int(match[2]) - 1]
    assert "unknown" in done.stdout
    assert blamed.strip()


# Jenkins


def jenkins_steps() -> list[str]:
    text = (PIPELINES / "Jenkinsfile").read_text()
    assert text.count("{") == text.count("}")
    # Groovy reads a backslash at the end of a line as a shell does.
    return [textwrap.dedent(step) for step in re.findall(r"sh '''(.*?)'''", text, re.DOTALL)]


def test_jenkins_judges_signs_and_deploys(tree: Path) -> None:
    key = ssh_key(tree.parent)
    text = (PIPELINES / "Jenkinsfile").read_text()
    words = dict(re.findall(r"^        (\w+) = '(.*)'$", text, re.MULTILINE))
    assert words.keys() == {"CANDIDATE", "POLICY"}
    judge, deploy = jenkins_steps()
    more = {**words, "KEY": str(key), "ALLOWED_SIGNERS": str(allowed_signers(key))}
    done = shell(judge, tree, more, bash=("-xe",))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tree / "headgate.key").exists()
    assert shell(deploy, tree, more, bash=("-xe",)).returncode == 0
    other = {**more, "CANDIDATE": "gateway_config/broken"}
    assert shell(deploy, tree, other, bash=("-xe",)).returncode == 12
    assert shell(judge, tree, other, bash=("-xe",)).returncode == 2
    assert verdict_in(tree / "headgate.json") == "not-judged"


# tox and pre-commit, which can be had


def test_tox_judges(tree: Path) -> None:
    shutil.copy(PIPELINES / "tox.ini", tree)
    for more, status in [("", 0), ("-- gateway_config/broken", 2)]:
        done = shell(f"tox run -q -e headgate {more}", tree, {})
        assert done.returncode == status, done.stdout + done.stderr
        path = tree / ".tox" / "headgate" / "tmp" / "headgate.json"
        assert verdict_in(path) == {0: "approved", 2: "not-judged"}[status]


COMMIT = """
git init -q . && git config user.name Ada && git config user.email ada@carrier.example
git add -A && git commit -q -m first
"""


def test_pre_commit_judges_what_is_committed(tree: Path) -> None:
    hooks = tree.parent / "hooks"
    hooks.mkdir()
    shutil.copy(TOP / ".pre-commit-hooks.yaml", hooks)
    assert shell(COMMIT, hooks, {}).returncode == 0
    revision = shell("git rev-parse HEAD", hooks, {}).stdout.strip()
    config = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "headgate"}]}]}
    (tree / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tree / "README").write_text("Ours\n")
    words = {"PRE_COMMIT_HOME": str(tree.parent / "pre-commit")}
    assert shell(f"{COMMIT}pre-commit install", tree, words).returncode == 0
    done = _committed(tree, words, lambda: (tree / "README").write_text("Ours, all\n"))
    assert done.returncode == 0
    assert "(no files to check)Skipped" in done.stdout + done.stderr
    path = tree / "gateway_config" / "released" / "nginx.conf"
    done = _committed(tree, words, lambda: path.write_text(f"{path.read_text()}# one more\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout + done.stderr
    done = _committed(tree, words, lambda: path.write_text("evnts {}\n"))
    assert done.returncode == 1
    assert "not-judged" in done.stdout + done.stderr
    assert "exit code: 2" in done.stdout + done.stderr


def _committed(
    tree: Path, words: Words, change: Callable[[], object]
) -> subprocess.CompletedProcess[str]:
    change()
    return shell("git add -A && git commit -m change", tree, words)
