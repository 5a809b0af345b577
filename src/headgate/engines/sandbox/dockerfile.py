"""What a Dockerfile does to its base, as far as the two images of the lab go: settings and steps.

Source: Docker documentation, "Dockerfile reference".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.errors import LabError

_INSTRUCTION = re.compile(r"\s*([A-Z]+)\s+(.*)", re.S)
# Where a root starts from, and what it is started with, is not the Dockerfile's to say here.
_ELSEWHERE = {"ARG", "FROM", "CMD"}


@dataclass(frozen=True)
class Recipe:
    """Shell commands that are run in the base one after another, and the environment of all."""

    environment: dict[str, str]
    steps: tuple[str, ...]


def read(path: Path) -> Recipe:
    """LabError, with file and line, for an instruction that is not known here."""
    environment: dict[str, str] = {}
    steps = []
    for number, words in _instructions(path.read_text("utf-8")):
        match = _INSTRUCTION.fullmatch(words)
        name, rest = match.groups() if match else (words.split()[0], "")
        if name == "ENV":
            environment.update(dict(pair.split("=", 1) for pair in shlex.split(rest)))
        elif name == "RUN":
            steps.append(rest)
        elif name not in _ELSEWHERE:
            raise LabError(f"{path}:{number}: the sandbox knows ENV and RUN, and not {name}")
    return Recipe(environment, tuple(steps))


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Each instruction with the number of its first line: lines are joined where they end in a
    backslash, and lines of comment left out, those in between included."""
    words, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        start = start if words else number
        words += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield start, words
            words = ""
    if words:
        yield start, words
