"""The Dockerfiles say what is in an image, whoever builds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headgate import images
from headgate.engines.sandbox import dockerfile
from headgate.errors import LabError


def recipe(folder: Path, text: str) -> dockerfile.Recipe:
    path = folder / "Dockerfile"
    path.write_text(text)
    return dockerfile.read(path)


def test_settings_and_steps_are_read_in_order(tmp_path: Path) -> None:
    found = recipe(
        tmp_path,
        'ARG BASE=debian\nFROM ${BASE}\n\nENV LANG=C.UTF-8 GREETING="good day"\n'
        'RUN one; \\\n    two\n# in between\nRUN three\nCMD ["four"]\n',
    )
    assert found.environment == {"LANG": "C.UTF-8", "GREETING": "good day"}
    assert found.steps == ("one;     two", "three")


def test_a_comment_between_the_lines_of_a_step_is_none_of_it(tmp_path: Path) -> None:
    found = recipe(tmp_path, "RUN one; \\\n    # why: it's needed\n    two; \\\n\n    three\n")
    assert found.steps == ("one;     two;     three",)


def test_an_instruction_that_is_not_known_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Dockerfile:3: .* knows ENV and RUN, and not COPY"):
        recipe(tmp_path, "FROM debian\n\nCOPY here there\n")


@pytest.mark.parametrize("image", [images.GATEWAY, images.LAB])
def test_the_steps_of_the_labs_own_images_are_shell_that_parses(image: str) -> None:
    found = dockerfile.read(images.folder(image) / "Dockerfile")
    assert found.environment["LANG"] == "C.UTF-8"
    (step,) = found.steps
    assert "apt-get install" in step
    assert subprocess.run(["sh", "-nc", step], check=False).returncode == 0
