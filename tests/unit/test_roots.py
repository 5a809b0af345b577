"""Root file systems in the cache: whole or not there, made once, by whoever comes first."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate import images
from headgate.engines.sandbox import dockerfile, roots
from headgate.errors import LabError

FILES = {
    "./etc/nginx/nginx.conf": b"events {}\n",
    "./etc/nginx/conf.d/sites.conf": b"",
    "./var/lib/nginx/mine": b"a worker's own",
}
WORKER = 33


def archive() -> bytes:
    """A little system: files, a link, a device, and one file that belongs to www-data."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o640
            member.uid = member.gid = WORKER if name.endswith("mine") else 0
            tar.addfile(member, io.BytesIO(content))
        link, device = tarfile.TarInfo("./bin"), tarfile.TarInfo("./dev/null")
        link.type, link.linkname = tarfile.SYMTYPE, "usr/bin"
        device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
        tar.addfile(link)
        tar.addfile(device)
    return buffer.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(roots, "docker_answers", lambda: False)
    return tmp_path / "headgate" / "sandbox" / "roots"


@pytest.fixture
def made(cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images whose roots have been made, from the little system."""
    found: list[str] = []

    def bootstrapped(image: str, recipe: dockerfile.Recipe) -> Iterator[bytes]:
        found.append(image)
        yield archive()

    monkeypatch.setattr(roots, "_bootstrapped", bootstrapped)
    return found


def silent(line: str) -> None:
    pass


def test_a_root_is_made_once_and_then_there(cache: Path, made: list[str]) -> None:
    said: list[str] = []
    one, other = (roots.ensure(images.GATEWAY, said.append) for _ in range(2))
    assert one == other
    assert made == [images.GATEWAY]
    assert said == ["making the root of headgate/gateway with mmdebstrap"]
    assert (one.path / "etc/nginx/nginx.conf").read_bytes() == b"events {}\n"
    assert (one.path / "bin").readlink() == Path("usr/bin")
    assert one.about.digest == images.digest(images.context(images.folder(images.GATEWAY)))
    assert one.about.environment["LANG"] == "C.UTF-8"
    assert roots.missing() == [images.LAB]


def test_a_users_own_file_is_another_users_outside_too(cache: Path, made: list[str]) -> None:
    root = roots.ensure(images.GATEWAY, silent).path
    own, workers = (root / "etc/nginx/nginx.conf").stat(), (root / "var/lib/nginx/mine").stat()
    assert own.st_uid == root.stat().st_uid != workers.st_uid


def test_no_device_is_taken(cache: Path, made: list[str]) -> None:
    assert not (roots.ensure(images.GATEWAY, silent).path / "dev/null").exists()


def test_several_at_once_make_it_once(cache: Path, made: list[str]) -> None:
    with ThreadPoolExecutor(4) as beside:
        every = list(beside.map(lambda _: roots.ensure(images.LAB, silent), range(4)))
    assert made == [images.LAB]
    assert len({one.path for one in every}) == 1
    assert [path.name for path in cache.iterdir()] == [every[0].folder.name]


def test_what_breaks_off_leaves_nothing_and_is_begun_anew(
    cache: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = roots._bootstrapped

    def broken(image: str, recipe: dockerfile.Recipe) -> Iterator[bytes]:
        yield archive()[:2000]
        raise LabError("mmdebstrap could not make it")

    monkeypatch.setattr(roots, "_bootstrapped", broken)
    with pytest.raises(LabError, match="could not make it"):
        roots.ensure(images.GATEWAY, silent)
    assert list(cache.iterdir()) == []
    monkeypatch.setattr(roots, "_bootstrapped", whole)
    assert roots.ensure(images.GATEWAY, silent).path.is_dir()


def test_an_archive_that_is_none_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "_bootstrapped", lambda image, recipe: iter([b"no archive"]))
    with pytest.raises(LabError, match="tar failed in a user namespace"):
        roots.ensure(images.GATEWAY, silent)
    assert list(cache.iterdir()) == []


def test_what_a_killed_run_has_left_half_made_is_removed(cache: Path, made: list[str]) -> None:
    half = cache / "abc.part" / "root"
    half.mkdir(parents=True)
    (half / "file").touch()
    roots.ensure(images.GATEWAY, silent)
    assert not half.parent.exists()


def test_a_directory_is_an_archive_with_its_last_name_first(cache: Path, made: list[str]) -> None:
    root = roots.ensure(images.GATEWAY, silent)
    for _ in range(2):  # made, and kept
        with tarfile.open(fileobj=io.BytesIO(root.archive("/etc/nginx"))) as tar:
            assert "nginx/conf.d/sites.conf" in tar.getnames()
    with pytest.raises(LabError, match="has no directory /etc/apache"):
        root.archive("/etc/apache")


def test_an_image_of_nobodys_is_not_there(cache: Path) -> None:
    with pytest.raises(LabError, match="the sandbox has no such image: our/gateway"):
        roots.ensure("our/gateway", silent)


def test_without_mmdebstrap_and_docker_it_is_said_what_to_install(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "can_bootstrap", lambda: False)
    with pytest.raises(images.NoBaseError, match="apt-get install mmdebstrap"):
        roots.ensure(images.GATEWAY, silent)


def test_the_agents_are_laid_down_once_and_whole(cache: Path) -> None:
    folder = cache.parent / "agents" / roots.agents()
    assert roots.agents() == folder.name
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert {"headgate/agents/world.py", "headgate/engines/sandbox/keeper.py"} <= names
    assert (folder / "headgate" / "__init__.py").read_bytes() == b""
