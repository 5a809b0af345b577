"""A candidate's directory: what is installed of it, its digest, and what is refused."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest

from headgate import candidate as module
from headgate.candidate import Candidate, digest_of, digest_of_sums, load_candidate
from headgate.errors import InputError

DEFAULTS = """\
image: headgate/gateway
install: /etc/nginx
ports: {proxy: 8080, transparent: 80}
commands: {validate: [nginx, -t], start: [nginx], reload: [nginx, -s, reload]}
sessions: {redis: {port: 6379, key: "session:{ip}", fields: {msisdn: "{msisdn}"}}}
"""
RECIPE = module.__doc__ or ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A candidate with nothing but its main file."""
    (tmp_path / "defaults.yaml").write_text(DEFAULTS)
    path = tmp_path / "candidate"
    path.mkdir()
    (path / "nginx.conf").write_bytes(b"events {}\n")
    return path


def load(folder: Path) -> Candidate:
    return load_candidate(folder, folder.parent / "defaults.yaml")


def complaints(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(folder)
    return [str(problem).replace(f"{folder}", "candidate") for problem in caught.value.problems]


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_file_is_installed_but_the_top_level_gateway_yaml(folder: Path) -> None:
    write(folder / "gateway.yaml", b"ports: {proxy: null}")
    write(folder / "conf.d" / "gateway.yaml", b"inner")
    write(folder / "lua" / "a b" / "é.lua", b"return {}\r\n\0\xff")
    write(folder / ".hidden")
    write(folder / "conf.d" / "empty.conf", b"")
    (folder / "empty").mkdir()
    candidate = load(folder)
    assert candidate.files == {
        ".hidden": b"x",
        "conf.d/empty.conf": b"",
        "conf.d/gateway.yaml": b"inner",
        "lua/a b/é.lua": b"return {}\r\n\0\xff",
        "nginx.conf": b"events {}\n",
    }
    assert candidate.executable == frozenset()
    assert candidate.spec.proxy_port is None


def test_a_candidate_is_named_as_it_was_given(folder: Path) -> None:
    with chdir(folder.parent):
        candidate = load_candidate(Path("candidate"), Path("defaults.yaml"))
    assert candidate.name == "candidate"
    assert candidate.path == Path("candidate")


def test_a_link_to_the_directory_itself_is_followed(folder: Path) -> None:
    (folder.parent / "current").symlink_to("candidate")
    assert load(folder.parent / "current").files == load(folder).files


def test_the_digest_is_that_of_sorted_sha256sum_lines() -> None:
    one, two = hashlib.sha256(b"1").hexdigest(), hashlib.sha256(b"2").hexdigest()
    lines = f"{two}  a\n{one} *b/c\n".encode()
    expected = "sha256:" + hashlib.sha256(lines).hexdigest()
    assert digest_of({"b/c": b"1", "a": b"2"}, {"b/c"}) == expected
    assert digest_of_sums({"b/c": one, "a": two}, {"b/c"}) == expected


def test_anyone_gets_the_digest_with_sha256sum(folder: Path) -> None:
    write(folder / "gateway.yaml", b"image: x")
    write(folder / "conf.d" / "gateway.yaml")
    write(folder / "a b" / "-é '\".lua", b"1")
    write(folder / "a-b", b"2")
    write(folder / "a.b", b"3")
    write(folder / "bin" / "run", b"4").chmod(0o754)
    recipe = RECIPE[RECIPE.index("    find") :]
    run = subprocess.run(["sh", "-c", recipe], cwd=folder, capture_output=True, check=True)
    assert load(folder).digest == "sha256:" + run.stdout.decode().split()[0]


def test_the_lines_behind_the_digest_can_be_checked_with_sha256sum(folder: Path) -> None:
    write(folder / "run").chmod(0o755)
    sums = {name: hashlib.sha256((folder / name).read_bytes()) for name in ("nginx.conf", "run")}
    lines = "".join(
        f"{value.hexdigest()} {'*' if name == 'run' else ' '}{name}\n"
        for name, value in sums.items()
    )
    subprocess.run(["sha256sum", "-c"], cwd=folder, input=lines.encode(), check=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write(folder / "nginx.conf", b"events {}"),
        lambda folder: (folder / "nginx.conf").chmod(0o755),
        lambda folder: write(folder / "other"),
        lambda folder: (folder / "a").rename(folder / "b"),
        lambda folder: (folder / "a").unlink(),
    ],
    ids=["content", "execute bit", "more", "name", "less"],
)
def test_whatever_changes_the_gateway_changes_the_digest(
    folder: Path, change: Callable[[Path], object]
) -> None:
    write(folder / "a")
    before = load(folder).digest
    change(folder)
    assert load(folder).digest != before


def test_what_is_not_installed_leaves_the_digest_alone(folder: Path) -> None:
    before = load(folder).digest
    write(folder / "gateway.yaml", b"image: other")
    (folder / "nginx.conf").chmod(0o600)
    os.utime(folder / "nginx.conf", (0, 0))
    (folder / "empty").mkdir()
    assert load(folder).digest == before


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert complaints(tmp_path / "x") == [
        "candidate: there is no such directory: expected one that holds nginx.conf"
    ]


def test_a_file_is_no_candidate(folder: Path) -> None:
    path = folder / "nginx.conf"
    with pytest.raises(InputError) as caught:
        load_candidate(path, folder.parent / "defaults.yaml")
    assert str(caught.value) == (
        f"{path}: this is not a directory: expected one that holds nginx.conf"
    )


def test_a_candidate_without_its_main_file_is_refused(folder: Path) -> None:
    (folder / "nginx.conf").unlink()
    expected = "candidate: expected a file nginx.conf at its top, found none"
    assert complaints(folder) == [expected]
    write(folder / "etc" / "nginx" / "nginx.conf")
    assert complaints(folder) == [
        f"{expected} (there is `etc/nginx/nginx.conf`: was its directory meant?)"
    ]


def test_a_main_file_that_is_a_directory_is_none(folder: Path) -> None:
    (folder / "nginx.conf").unlink()
    (folder / "nginx.conf").mkdir()
    assert complaints(folder) == ["candidate: expected a file nginx.conf at its top, found none"]


PLAIN = "expected plain files, directories and links only"


@pytest.mark.parametrize("target", ["nginx.conf", "/etc/hostname", "missing", ".", "loop"])
def test_a_symbolic_link_is_kept_as_a_link_wherever_it_leads(folder: Path, target: str) -> None:
    (folder / "loop").symlink_to(target)
    candidate = load(folder)
    assert candidate.links == {"loop": target}
    assert "loop" not in candidate.files


def test_a_link_that_leads_elsewhere_gives_another_digest(folder: Path) -> None:
    (folder / "enabled").symlink_to("one")
    before = load(folder).digest
    (folder / "enabled").unlink()
    (folder / "enabled").symlink_to("two")
    assert load(folder).digest != before


def test_a_main_file_may_be_a_link(folder: Path) -> None:
    (folder / "nginx.conf").rename(folder / "real.conf")
    (folder / "nginx.conf").symlink_to("real.conf")
    assert load(folder).links == {"nginx.conf": "real.conf"}


def test_special_files_are_refused_unopened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening, chdir(folder):
        listening.bind("socket")
    assert complaints(folder) == [
        f"candidate/pipe: this is a named pipe: {PLAIN}",
        f"candidate/socket: this is a socket: {PLAIN}",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nb", r"a\nb"),
        (b"a\\b", r"a\b"),
        (b"a\xff", r"a\udcff"),
        (b"\x1b[31m", r"\x1b[31m"),
    ],
)
def test_a_name_that_cannot_be_printed_is_refused(folder: Path, name: bytes, shown: str) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"x")
    assert complaints(folder) == [
        f"candidate/{shown}: the name holds a backslash or a character that does not print"
    ]


def test_a_file_name_never_shows_a_phone_number(folder: Path) -> None:
    os.mkfifo(folder / "447700900123")
    assert complaints(folder) == [f"candidate/447700900***: this is a named pipe: {PLAIN}"]


def test_a_candidate_too_large_is_refused_before_all_of_it_is_read(folder: Path) -> None:
    os.truncate(write(folder / "a"), module.MOST_BYTES + 1)
    assert complaints(folder) == ["candidate: more than 64 MiB: too large for a candidate"]


def test_many_small_files_add_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    for name in "abc":
        write(folder / name, b"x" * 400_000)
    assert complaints(folder) == ["candidate: more than 1 MiB: too large for a candidate"]


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 20)
    for number in range(19):
        write(folder / "conf.d" / str(number))
    assert complaints(folder) == ["candidate: more than 20 files and directories: too large"]


def test_directories_nested_without_end_are_refused(folder: Path) -> None:
    write(folder / "/".join("d" * 60) / "x")
    expected = "candidate: directories nested more than 32 deep: too large"
    assert complaints(folder) == [expected]


def test_problems_of_files_and_of_gateway_yaml_are_told_together(folder: Path) -> None:
    write(folder / "gateway.yaml", b"imgae: x\nports: {proxy: 0}\n")
    os.mkfifo(folder / "pipe")
    assert complaints(folder) == [
        "candidate/gateway.yaml:1:1: unknown key `imgae`: did you mean `image`?",
        "candidate/gateway.yaml:2:16: ports.proxy: expected a port (1 to 65535), found `0`",
        f"candidate/pipe: this is a named pipe: {PLAIN}",
    ]


def test_a_gateway_yaml_that_is_a_link_is_not_followed(folder: Path) -> None:
    (folder / "gateway.yaml").symlink_to("/etc/hostname")
    assert complaints(folder) == [
        "candidate/gateway.yaml: this is a symbolic link: expected the file itself"
    ]


def test_no_descriptor_stays_open(folder: Path) -> None:
    write(folder / "a" / "b" / "c")
    os.mkfifo(folder / "pipe")
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    complaints(folder)
    (folder / "pipe").unlink()
    load(folder)
    assert len(list(descriptors.iterdir())) == before


def test_a_candidate_does_not_show_what_its_files_hold(folder: Path) -> None:
    write(folder / "a", b"secret")
    assert "secret" not in repr(load(folder))
