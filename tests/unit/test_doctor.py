"""What is missing on a machine is named together with the command that mends it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import docker.errors
import pytest
from docker.models.containers import Container

from headgate import doctor, images
from headgate.doctor import GIB, Check
from headgate.errors import LabError

# A container, its exit status, its command and its image.
FAILED = (cast("Container", None), 3, "sh", images.LAB)

MEMINFO = "MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   {} kB\n"


def engine(*, has: tuple[str, ...] = (), **parts: Any) -> docker.DockerClient:
    """As much of an engine as the examination at hand asks."""

    def get(name: str) -> SimpleNamespace:
        if name not in has:
            raise docker.errors.ImageNotFound(name)
        return SimpleNamespace(id=name, labels={})

    known: dict[str, Any] = {"images": SimpleNamespace(get=get), **parts}
    return cast("docker.DockerClient", SimpleNamespace(**known))


@pytest.fixture(autouse=True)
def no_setting_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.mark.parametrize("version", ["3.11.0", "3.12.4", "3.14.0+", "4.0.0"])
def test_a_python_from_3_11_on_will_do(version: str) -> None:
    assert doctor.python(version) == Check("python", "ok", version)


def test_an_older_python_will_not() -> None:
    assert doctor.python("3.10.12") == Check(
        "python", "fail", "3.10.12 is older than 3.11", "apt-get install python3.11"
    )


def test_the_engine_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2375")
    client = engine(version=lambda: {"Version": "20.10.24", "ApiVersion": "1.41"})
    found = doctor.engine(client)
    assert found.detail == "20.10.24, API 1.41, at tcp://engine.example:2375"


def test_an_engine_that_was_named_and_is_silent_is_started_by_whoever_named_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2375")
    found = doctor.no_engine(LabError("refused"), tmp_path / "docker.sock")
    assert found.mend == "unset DOCKER_HOST, or start the engine that it names"


def test_a_socket_that_one_may_not_use_asks_for_a_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    found = doctor.no_engine(LabError("denied"), socket)
    assert found == Check(
        "engine", "fail", "denied", "sudo usermod -aG docker $USER && newgrp docker"
    )


@pytest.mark.parametrize(
    ("dockerd", "mend"),
    [
        (
            "/usr/sbin/dockerd",
            "sudo systemctl start docker, or where there is no systemd: sudo dockerd",
        ),
        (None, "sudo apt-get install docker.io iptables"),
    ],
)
def test_an_engine_is_started_or_installed(
    dockerd: str | None, mend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path: dockerd)
    assert doctor.no_engine(LabError("silent"), tmp_path / "docker.sock").mend == mend


def test_images_that_are_missing_are_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "stale", lambda client: (images.LAB,))
    found = doctor.built(engine())
    assert (found.state, found.detail) == (
        "warn",
        "missing or older than their build folder: headgate/lab",
    )
    assert found.mend.endswith(" -m headgate.images")


@pytest.mark.parametrize(
    ("has", "mmdebstrap", "stale", "state", "detail"),
    [
        (images.BASES, None, (), "ok", "debian:bookworm-slim"),
        ((images.OWN_BASE,), None, (), "ok", "headgate/base:bookworm"),
        ((), "/usr/bin/mmdebstrap", (), "ok", "mmdebstrap makes it, unless it can be pulled"),
        ((), None, (), "ok", "not here, and not needed: the images are built"),
        (
            (),
            None,
            (images.LAB,),
            "warn",
            "debian:bookworm-slim has to be pulled; where that cannot be, mmdebstrap is needed",
        ),
    ],
)
def test_the_base_may_come_from_several_places(
    has: tuple[str, ...],
    mmdebstrap: str | None,
    stale: tuple[str, ...],
    state: str,
    detail: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: mmdebstrap)
    monkeypatch.setattr(images, "stale", lambda client: stale)
    found = doctor.base(engine(has=has))
    assert (found.state, found.detail) == (state, detail)


def cabled(error: Exception | None) -> Check:
    def run(image: str, command: list[str], **options: Any) -> None:
        assert options["remove"]
        if error:
            raise error

    return doctor.cabling(engine(has=(images.LAB,), containers=SimpleNamespace(run=run)))


def test_cables_are_tried_for_real() -> None:
    found = cabled(None)
    assert found.detail == ("a container may use NET_ADMIN, SYS_ADMIN, SYS_PTRACE and pid=host")
    assert found.state == "ok"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            docker.errors.ContainerError(*FAILED, stderr=cast("str", b"ip: not permitted\n")),
            "ip: not permitted",
        ),
        (docker.errors.ContainerError(*FAILED, stderr=None), "status 3"),
        (docker.errors.APIError("500", explanation="no pid=host here"), "no pid=host here"),
    ],
)
def test_an_engine_that_forbids_cables_is_quoted(error: Exception, said: str) -> None:
    found = cabled(error)
    assert found.state == "fail"
    assert found.detail.endswith(f"and pid=host: {said}")


def test_without_the_image_cables_cannot_be_tried() -> None:
    assert doctor.cabling(engine()).detail == "not tried: the lab's image is not built yet"


@pytest.mark.parametrize(("kilobytes", "state"), [(99, "fail"), (800_000, "warn"), (2 << 20, "ok")])
def test_memory_is_what_a_new_process_may_have(kilobytes: int, state: str) -> None:
    assert doctor.memory(MEMINFO.format(kilobytes)).state == state


def test_room_is_told_in_gib_and_with_what_would_do() -> None:
    assert doctor.room("disk", 2 * GIB, 1 * GIB, 3 * GIB, " at /var/lib/docker") == Check(
        "disk",
        "warn",
        "2.0 GiB free at /var/lib/docker; 3.0 GiB is comfortable",
        "docker system prune",
    )


def test_a_folder_that_cannot_be_seen_is_measured_by_the_one_above(tmp_path: Path) -> None:
    client = engine(info=lambda: {"DockerRootDir": str(tmp_path / "lib" / "docker")})
    assert f"free at {tmp_path}" in doctor.disk(client).detail.split(";")[0]


@pytest.mark.parametrize(("left", "state"), [(0, "ok"), (3, "warn")])
def test_containers_that_are_left_are_counted(left: int, state: str) -> None:
    containers = SimpleNamespace(list=lambda **options: [object()] * left)
    found = doctor.leftovers(engine(containers=containers))
    assert found.state == state
    assert not left or found.detail.startswith("3 containers of a lab")


def test_without_an_engine_the_rest_is_still_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise LabError("no Docker engine answers")

    monkeypatch.setattr(doctor, "connect", refuse)
    names = [check.name for check in doctor.examine()]
    assert (names[:2], names[-1]) == (["python", "docker engine"], "memory")
    assert {name.split()[0] for name in names[2:-1]} == {"sandbox"}


def test_what_an_engine_refuses_does_not_end_the_examination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**options: Any) -> None:
        raise docker.errors.APIError("500", explanation="I am full")

    client = engine(
        version=lambda: {"Version": "20.10.24", "ApiVersion": "1.41"},
        info=lambda: {"DockerRootDir": "/"},
        containers=SimpleNamespace(list=refuse),
        close=lambda: None,
    )
    monkeypatch.setattr(doctor, "connect", lambda: client)
    found = {check.name: check for check in doctor.examine()}
    assert found["docker leftovers"].detail == "the Docker engine refused: I am full"
    assert "memory" in found
