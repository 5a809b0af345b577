"""The lab's images are built when they must be, from what is at hand, and once."""

from __future__ import annotations

import fcntl
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import docker
import docker.errors
import pytest

from headgate import images
from headgate.errors import LabError
from headgate.images import GATEWAY, LAB, OWN_BASE, REGISTRY_BASE


@dataclass(frozen=True)
class Image:
    id: str
    labels: dict[str, str]


@dataclass
class Engine:
    """As much of an engine as builds images; it is its own `images` and its own `api`."""

    have: dict[str, Image] = field(default_factory=dict)
    pullable: bool = True
    build_says: list[dict[str, Any]] = field(default_factory=list)
    built: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    silence: threading.Event | None = None

    @property
    def client(self) -> docker.DockerClient:
        return cast("docker.DockerClient", self)

    @property
    def images(self) -> Engine:
        return self

    @property
    def api(self) -> Engine:
        return self

    def get(self, name: str) -> Image:
        if name not in self.have:
            raise docker.errors.ImageNotFound(name)
        return self.have[name]

    def remove(self, image: str) -> None:
        self.removed.append(image)

    def build(self, *, tag: str, buildargs: dict[str, str], **rest: Any) -> Iterator[Any]:
        assert rest["custom_context"]
        with tarfile.open(fileobj=rest["fileobj"]) as tar:
            assert "Dockerfile" in tar.getnames()
        yield {"stream": "Step 1/2 : FROM base\n"}
        yield from self.build_says
        self.built.append((tag, buildargs["BASE"]))
        self.have[tag] = Image(f"{tag} {len(self.built)}", rest["labels"])

    def pull(self, repository: str, *, tag: str, stream: bool, decode: bool) -> Iterator[Any]:
        if self.silence:
            self.silence.wait(10)
        if not self.pullable:
            raise docker.errors.APIError("500", explanation="no such host")
        yield {"status": "Downloading"}
        self.have[f"{repository}:{tag}"] = Image("pulled", {})

    def import_image_from_data(self, data: Iterator[bytes], *, repository: str, tag: str) -> None:
        self.have[f"{repository}:{tag}"] = Image(b"".join(data).decode(), {})


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two build folders of a line each, and a cache of one's own."""
    for name in ("gateway", "lab"):
        (tmp_path / "docker" / name).mkdir(parents=True)
        (tmp_path / "docker" / name / "Dockerfile").write_text(f"ARG BASE\nFROM $BASE\n# {name}\n")
    monkeypatch.setattr("headgate.resources.root", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "docker"


def ensured(engine: Engine) -> list[str]:
    said: list[str] = []
    images.ensure_images(engine.client, said.append)
    return said


def test_missing_images_are_built_on_what_the_registry_has() -> None:
    engine = Engine()
    assert ensured(engine) == [
        "pulling debian:bookworm-slim",
        "building the image headgate/gateway on debian:bookworm-slim",
        "building the image headgate/lab on debian:bookworm-slim",
    ]
    assert engine.built == [(GATEWAY, REGISTRY_BASE), (LAB, REGISTRY_BASE)]


def test_fresh_images_cost_no_word_and_no_build() -> None:
    engine = Engine()
    ensured(engine)
    assert ensured(engine) == []
    assert len(engine.built) == 2


@pytest.mark.parametrize("base", [REGISTRY_BASE, OWN_BASE])
def test_a_base_that_is_here_is_not_pulled(base: str) -> None:
    engine = Engine({base: Image("base", {})}, pullable=False)
    ensured(engine)
    assert engine.built == [(GATEWAY, base), (LAB, base)]


def test_a_changed_build_folder_makes_its_image_stale_and_the_old_one_goes(folders: Path) -> None:
    engine = Engine()
    ensured(engine)
    (folders / "lab" / "tool.sh").write_text("#!/bin/sh\n")
    assert images.stale(engine.client) == (LAB,)
    ensured(engine)
    assert [name for name, _ in engine.built] == [GATEWAY, LAB, LAB]
    assert engine.removed == [f"{LAB} 2"]


def test_a_newer_base_makes_both_images_stale() -> None:
    engine = Engine()
    ensured(engine)
    engine.have[REGISTRY_BASE] = Image("pulled later", {})
    assert images.stale(engine.client) == (GATEWAY, LAB)


def test_a_base_removed_since_makes_nothing_stale() -> None:
    engine = Engine()
    ensured(engine)
    del engine.have[REGISTRY_BASE]
    assert images.stale(engine.client) == ()


def test_an_image_of_the_same_name_that_somebody_else_built_is_stale() -> None:
    engine = Engine({GATEWAY: Image("theirs", {}), LAB: Image("theirs", {})})
    assert images.stale(engine.client) == (GATEWAY, LAB)


def test_where_nothing_can_be_pulled_mmdebstrap_makes_the_base(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "_MMDEBSTRAP", ("printf", "a debian"))
    engine = Engine(pullable=False)
    assert ensured(engine)[:3] == [
        "pulling debian:bookworm-slim",
        "debian:bookworm-slim cannot be pulled (no such host)",
        "making headgate/base:bookworm with mmdebstrap",
    ]
    assert engine.have[OWN_BASE].id == "a debian"
    assert engine.built == [(GATEWAY, OWN_BASE), (LAB, OWN_BASE)]


def test_a_registry_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_MMDEBSTRAP", ("printf", "a debian"))
    monkeypatch.setattr(images, "FIRST_ANSWER", 0.01)
    engine = Engine(silence=threading.Event())
    said = ensured(engine)
    assert engine.silence is not None
    engine.silence.set()
    assert "debian:bookworm-slim cannot be pulled (no answer within 0 s)" in said


def test_without_registry_and_mmdebstrap_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "_MMDEBSTRAP", ("no-such-command",))
    with pytest.raises(images.NoBaseError, match=r"\(apt-get install mmdebstrap\)$"):
        ensured(Engine(pullable=False))


def test_a_failed_mmdebstrap_is_quoted_and_leaves_no_base(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "printf half; echo 'E: no space left' >&2; exit 7"
    monkeypatch.setattr(images, "_MMDEBSTRAP", ("sh", "-c", script))
    engine = Engine(pullable=False)
    with pytest.raises(LabError) as caught:
        ensured(engine)
    assert str(caught.value) == (
        "mmdebstrap could not make headgate/base:bookworm; its last words were\n  E: no space left"
    )
    assert engine.have == {}


def test_a_failed_build_is_quoted() -> None:
    engine = Engine(
        build_says=[
            {"stream": "E: Unable to locate package nginx\n\n"},
            {"error": "The command returned a non-zero code: 100", "errorDetail": {"code": 100}},
        ]
    )
    with pytest.raises(LabError) as caught:
        ensured(engine)
    assert str(caught.value) == (
        "the image headgate/gateway could not be built; its last words were\n"
        "  Step 1/2 : FROM base\n"
        "  E: Unable to locate package nginx\n"
        "  The command returned a non-zero code: 100"
    )


def test_of_a_long_build_the_last_lines_are_told() -> None:
    says: list[dict[str, Any]] = [{"stream": f"line {n}\n"} for n in range(100)]
    with pytest.raises(LabError) as caught:
        ensured(Engine(build_says=[*says, {"error": "gave up"}]))
    assert str(caught.value).splitlines()[1:] == [
        *(f"  line {n}" for n in range(86, 100)),
        "  gave up",
    ]


def test_a_folder_without_a_dockerfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        images.context(tmp_path)
    assert str(caught.value) == f"{tmp_path}: there is no Dockerfile to build from"


def test_the_context_is_the_same_whoever_checked_it_out_and_when(folders: Path) -> None:
    before = images.context(folders / "lab")
    dockerfile = folders / "lab" / "Dockerfile"
    os.utime(dockerfile, (1, 1))
    dockerfile.chmod(0o600)
    assert images.context(folders / "lab") == before


def test_the_context_tells_a_program_from_a_text(folders: Path) -> None:
    before = images.context(folders / "lab")
    (folders / "lab" / "Dockerfile").chmod(0o755)
    assert images.digest(images.context(folders / "lab")) != images.digest(before)


def test_the_context_holds_folders_and_files_by_their_relative_names(folders: Path) -> None:
    (folders / "lab" / "lua").mkdir()
    (folders / "lab" / "lua" / "a.lua").write_bytes(b"return 1")
    with tarfile.open(fileobj=io.BytesIO(images.context(folders / "lab"))) as tar:
        assert tar.getnames() == ["Dockerfile", "lua", "lua/a.lua"]


def test_two_runs_at_once_build_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "headgate"
    cache.mkdir(parents=True)
    engine, said, waiting = Engine(), list[str](), threading.Event()

    def progress(line: str) -> None:
        said.append(line)
        waiting.set()

    with (cache / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=images.ensure_images, args=(engine.client, progress))
        second.start()
        assert waiting.wait(10)
        engine.have |= built_by_another()
    second.join(10)
    assert said == ["waiting for another run that builds the images"]
    assert engine.built == []


def built_by_another() -> dict[str, Image]:
    """What an engine has after another process has built its images."""
    engine = Engine({REGISTRY_BASE: Image("base", {})})
    for name in (GATEWAY, LAB):
        content = images.digest(images.context(images.folder(name)))
        labels = {images.CONTENT_LABEL: content, images.BASE_LABEL: "base"}
        engine.have[name] = Image(name, labels)
    return engine.have


def test_a_cache_that_cannot_be_written_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    engine = Engine()
    ensured(engine)
    assert len(engine.built) == 2
    assert (tmp_path / f"headgate-{os.getuid()}" / "images.lock").exists()
