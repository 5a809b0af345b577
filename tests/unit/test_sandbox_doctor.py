"""What the sandbox lacks is named, with the setting that forbids it and what mends it."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from headgate import doctor, doctor_sandbox
from headgate.doctor import Check
from headgate.engines.sandbox import ids

SAID = "what the sandbox takes failed: unshare(): Operation not permitted"


@pytest.mark.parametrize(
    ("settings", "detail", "mend"),
    [
        (
            {"user/max_user_namespaces": "0"},
            "user.max_user_namespaces is 0",
            "sudo sysctl -w user.max_user_namespaces=15000",
        ),
        (
            {"user/max_user_namespaces": "96365", "kernel/unprivileged_userns_clone": "0"},
            "kernel.unprivileged_userns_clone is 0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            "kernel.apparmor_restrict_unprivileged_userns is 1",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_the_setting_that_forbids_namespaces_is_named(
    settings: dict[str, str], detail: str, mend: str
) -> None:
    found = doctor_sandbox.forbidden(SAID, settings, filtered=False)
    assert found == Check("namespaces", "fail", detail, mend)


def test_a_container_around_is_named_where_no_setting_forbids() -> None:
    allowing = {"user/max_user_namespaces": "96365"}
    found = doctor_sandbox.forbidden(SAID, allowing, filtered=True)
    assert found.detail.startswith("forbidden by the seccomp filter of a container around")
    assert "--security-opt seccomp=unconfined" in found.mend


@pytest.mark.parametrize(("mode", "filtered"), [("0", False), ("2", True)])
def test_a_filter_is_seen_in_a_process_status(mode: str, filtered: bool) -> None:
    status = f"Name:\tpython\nNoNewPrivs:\t0\nSeccomp:\t{mode}\nSeccomp_filters:\t{mode}\n"
    assert doctor_sandbox.is_filtered(status) is filtered


def test_what_fails_of_one_engine_is_a_warning_where_the_other_is_well() -> None:
    silent, well = Check("engine", "fail", "silent", "start it"), Check("ids", "ok", "there")
    assert [(one.name, one.state) for one in doctor.either([silent], [well])] == [
        ("docker engine", "warn"),
        ("sandbox ids", "ok"),
    ]
    assert [one.state for one in doctor.either([silent], [silent])] == ["fail", "fail"]


# Ids


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> str:
    """An ordinary user, with the helpers at hand."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    monkeypatch.setattr("os.getgid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    entry = pwd.struct_passwd(("ada", "x", 1000, 1000, "", "/home/ada", "/bin/sh"))
    monkeypatch.setattr("pwd.getpwuid", lambda uid: entry)
    return "ada"


def _ranges(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    path = folder / "sub"
    path.write_text(text)
    monkeypatch.setattr(ids, "SUBORDINATE", (str(path), str(path)))


@pytest.mark.parametrize("line", ["ada:100000:65536", "1000:100000:65536"])
def test_an_ordinary_user_is_root_inside_and_its_ranges_are_the_others(
    line: str, user: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _ranges(monkeypatch, tmp_path, f"bob:300000:65536\n{line}\n# nobody\n")
    assert ids.maps() == ("0 1000 1,1 100000 65536",) * 2


@pytest.mark.parametrize("text", ["", "bob:100000:65536\n", "ada:100000:1000\n"])
def test_a_user_without_a_range_is_told_how_to_have_one(
    text: str, user: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _ranges(monkeypatch, tmp_path, text)
    with pytest.raises(ids.NoIdsError, match=r"has no 65535 ids for ada") as caught:
        ids.maps()
    assert caught.value.mend == "sudo usermod --add-subuids 100000-165535 ada"
    assert doctor_sandbox.mapping().state == "fail"


def test_without_the_helpers_their_package_is_named(
    user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    found = doctor_sandbox.mapping()
    assert found == Check("ids", "fail", "newuidmap is not there", "sudo apt-get install uidmap")
