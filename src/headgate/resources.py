"""Where the features, their steps and the images' build folders lie."""

from __future__ import annotations

from pathlib import Path

from headgate.errors import HeadgateError

PARTS = ("docker", "features", "gateway_config", "steps")


def root() -> Path:
    """The folder with `features/`, `steps/`, `docker/`, `gateway_config/` and their settings.

    In a checkout it is the top level; in an installed wheel `headgate/_data`, which has the same
    layout, `conftest.py` and `tox.ini` included. HeadgateError when neither is there, as in a copy
    of the package alone.
    """
    return find(Path(__file__).resolve().parent)


def schema() -> Path:
    """The JSON Schema of `verdict.json`."""
    return Path(__file__).with_name("data") / "verdict.schema.json"


def find(package: Path) -> Path:
    """The root that belongs to the `headgate` package in the folder `package`."""
    checkout = package.parent.parent
    for candidate in (package / "_data", checkout):
        if all((candidate / part).is_dir() for part in PARTS):
            return candidate
    raise HeadgateError(
        f"{package}: the features that belong to this installation are not there, neither in "
        f"{package / '_data'} nor in {checkout}: install the wheel or work in a checkout"
    )
