"""The locks hold what pyproject.toml asks for, each with its hashes, and no address.

`tox -e lock` writes them anew.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
ASKED = {"runtime": RUNTIME, "dev": [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]}

PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<rest>(?:.*\\\n)*.*\n(?: +#.*\n)*)", re.M
)


@dataclass(frozen=True)
class Pin:
    """One locked package; `direct` when pyproject.toml itself asks for it."""

    version: str
    hashes: int
    direct: bool


def pins(lock: str) -> dict[str, Pin]:
    text = (TOP / "requirements" / f"{lock}.txt").read_text()
    return {
        found["name"]: Pin(
            found["version"],
            found["rest"].count("--hash=sha256:"),
            "headgate (pyproject.toml" in found["rest"],
        )
        for found in PIN.finditer(text)
    }


@pytest.mark.parametrize("lock", ASKED)
def test_every_requirement_is_locked_at_a_version_that_it_allows(lock: str) -> None:
    locked = pins(lock)
    asked = [Requirement(line) for line in ASKED[lock]]
    wrong = [
        str(requirement)
        for requirement in asked
        if not requirement.specifier.contains(locked[canonicalize_name(requirement.name)].version)
    ]
    assert not wrong


@pytest.mark.parametrize("lock", ASKED)
def test_nothing_is_locked_for_the_projects_own_sake_that_it_no_longer_asks_for(lock: str) -> None:
    asked = {canonicalize_name(Requirement(line).name) for line in ASKED[lock]}
    assert {name for name, pin in pins(lock).items() if pin.direct} == asked


@pytest.mark.parametrize("lock", ASKED)
def test_every_pin_has_a_hash(lock: str) -> None:
    assert not [name for name, pin in pins(lock).items() if not pin.hashes]


@pytest.mark.parametrize("lock", ASKED)
def test_a_lock_names_no_place_to_get_packages_from(lock: str) -> None:
    text = (TOP / "requirements" / f"{lock}.txt").read_text()
    assert not re.search(r"://|^--(?!hash)|index-url|find-links", text, re.M)


def test_what_a_user_runs_is_what_is_tested() -> None:
    tested = pins("dev")
    assert {name: pin.version for name, pin in pins("runtime").items()} == {
        name: tested[name].version for name in pins("runtime")
    }
