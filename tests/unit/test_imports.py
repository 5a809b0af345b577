"""What a command does not use, it does not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SAYS_WHAT_IS_THERE = r"""
import sys
from headgate import cli
try:
    cli.main(sys.argv[2:])
except SystemExit:
    pass
with open(sys.argv[1], "w") as file:
    file.write("\n".join(sys.modules))
"""

DETECTION = {"ahocorasick_rs", "headgate.detector", "headgate.judge", "headgate.plan"}
READING = {"tree_sitter", "tree_sitter_lua", "yaml"}
TESTING = {"pytest", "_pytest", "pytest_bdd", "testinfra", "gherkin"}
ENGINE = {"docker", "requests", "urllib3", "headgate.engines.docker_engine"}
PROCESSES = {"multiprocessing", "asyncio", "concurrent"}


def modules(folder: Path, *words: str) -> set[str]:
    """What is imported when a command has ended."""
    told = folder / "modules.json"
    command = [sys.executable, "-c", _SAYS_WHAT_IS_THERE, str(told), *words]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return {*told.read_text().splitlines()}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check", "--help"], ["check"]])
def test_help_and_a_wrong_command_line_need_next_to_nothing(
    tmp_path: Path, words: list[str]
) -> None:
    found = modules(tmp_path, *words)
    assert not found & (DETECTION | READING | TESTING | ENGINE | PROCESSES | {"json"})


def test_merging_needs_verdicts_alone(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text('{"candidates": []}')
    found = modules(tmp_path, "merge", "verdict.json")
    assert "headgate.merging" in found
    assert not found & (DETECTION | READING | TESTING | ENGINE | PROCESSES)


def test_the_doctor_asks_the_engine_and_nothing_of_what_judges(tmp_path: Path) -> None:
    found = modules(tmp_path, "doctor")
    assert "docker" in found
    assert not found & (DETECTION | READING | TESTING)


def test_what_is_wrong_with_a_policy_is_told_without_a_lab(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("{}")
    found = modules(tmp_path, "check", "candidate", "--policy", "policy.yaml")
    assert "yaml" in found
    assert not found & (DETECTION | TESTING | ENGINE | PROCESSES)
