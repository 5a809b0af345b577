"""The features and their company are found in a checkout and in a wheel alike."""

from pathlib import Path

import pytest

from headgate import resources
from headgate.errors import HeadgateError


def lay_out(folder: Path) -> Path:
    for part in resources.PARTS:
        (folder / part).mkdir(parents=True)
    return folder


def test_in_a_checkout_it_is_the_top_level(tmp_path: Path) -> None:
    lay_out(tmp_path)
    assert resources.find(tmp_path / "src" / "headgate") == tmp_path


def test_in_a_wheel_it_is_the_package_data(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "headgate"
    data = lay_out(package / "_data")
    assert resources.find(package) == data


def test_a_site_packages_full_of_strangers_is_no_checkout(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "site-packages" / "headgate"
    data = lay_out(package / "_data")
    lay_out(tmp_path / "lib")
    assert resources.find(package) == data


def test_a_lone_copy_of_the_package_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(HeadgateError) as caught:
        resources.find(tmp_path / "src" / "headgate")
    assert str(caught.value) == (
        f"{tmp_path}/src/headgate: the features that belong to this installation are not there, "
        f"neither in {tmp_path}/src/headgate/_data nor in {tmp_path}: install the wheel or work in "
        "a checkout"
    )


def test_this_installation_has_them() -> None:
    assert (resources.root() / "docker" / "gateway" / "Dockerfile").is_file()
