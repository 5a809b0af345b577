"""The two images of the lab, built on the engine that will run them.

An image carries a digest of its build folder and the identity of the base it was built on as
labels, so that a changed Dockerfile or a newer base is noticed and nothing else is built twice.
Only the engine's own API is used: neither the docker command nor buildx need be installed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import queue
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate import resources
from headgate.errors import HeadgateError, LabError

if TYPE_CHECKING:
    import docker

GATEWAY = "headgate/gateway"
LAB = "headgate/lab"

# What the Dockerfiles stand on: Debian's own image or, where no registry can be reached, the same
# distribution made on this machine.
REGISTRY_BASE = "debian:bookworm-slim"
OWN_BASE = "headgate/base:bookworm"
BASES = (REGISTRY_BASE, OWN_BASE)

CONTENT_LABEL = "headgate.content"
BASE_LABEL = "headgate.base"

# A registry behind a firewall that drops packets never answers; one that answers may then take
# its time over a layer. Seconds.
FIRST_ANSWER = 10.0
NEXT_ANSWER = 60.0

TAIL = 15  # lines of a failed build that are shown
NO_BASE = 3  # exit status of `python -m headgate.images`

_MMDEBSTRAP = ("mmdebstrap", "--variant=minbase", "bookworm", "-")

Progress = Callable[[str], None]


class NoBaseError(LabError):
    """Neither a registry nor mmdebstrap is there to give the images something to stand on."""


def ensure_images(client: docker.DockerClient, progress: Progress) -> None:
    """Build what is missing or stale of `headgate/gateway` and `headgate/lab`.

    `progress` is given a line for each thing that takes time, and none when nothing has to be
    done. Safe to call from several processes at once: one builds, the others wait for it.
    LabError, with the last lines of the build, when an image cannot be had.
    """
    if not stale(client):
        return
    with _alone(progress):
        for name in stale(client):
            _build(client, name, _base(client, progress), progress)


def stale(client: docker.DockerClient) -> tuple[str, ...]:
    """The names of the images that are missing, or older than their build folder or their base."""
    bases = {_labels_and_id(client, base)[1] for base in BASES} - {""}
    return tuple(name for name in (GATEWAY, LAB) if not _fresh(client, name, bases))


def present(client: docker.DockerClient, name: str) -> bool:
    """Whether the engine has an image of that name."""
    return bool(_labels_and_id(client, name)[1])


def folder(name: str) -> Path:
    """The build folder of one of the two images."""
    return resources.root() / "docker" / name.rpartition("/")[2]


def context(build_folder: Path) -> bytes:
    """The folder as the tar archive that the engine builds from, the same bytes on every machine.

    Owners, times and all of a file's mode but its x bit are levelled: a checkout does not keep
    them. LabError when there is no Dockerfile in the folder.
    """
    if not (build_folder / "Dockerfile").is_file():
        raise LabError(f"{build_folder}: there is no Dockerfile to build from")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(build_folder.rglob("*")):
            name = path.relative_to(build_folder).as_posix()
            tar.add(path, name, recursive=False, filter=_levelled)
    return archive.getvalue()


def _levelled(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def digest(archive: bytes) -> str:
    """The name of a build folder's content: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(archive).hexdigest()}"


def _fresh(client: docker.DockerClient, name: str, bases: set[str]) -> bool:
    labels, _ = _labels_and_id(client, name)
    # A base that has been removed since does not make what was built on it any older.
    built_on_this = not bases or labels.get(BASE_LABEL) in bases
    return built_on_this and labels.get(CONTENT_LABEL) == digest(context(folder(name)))


def _labels_and_id(client: docker.DockerClient, name: str) -> tuple[Mapping[str, str], str]:
    """An image's labels and id; nothing and "" when the engine does not have it."""
    import docker.errors

    try:
        image = client.images.get(name)
    except docker.errors.ImageNotFound:
        return {}, ""
    return image.labels or {}, str(image.id)


@contextlib.contextmanager
def _alone(progress: Progress) -> Iterator[None]:
    """Hold the one lock that building takes, among all processes of this user."""
    with (cache_folder() / "images.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another run that builds the images")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(home) / "headgate"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        path = Path(tempfile.gettempdir()) / f"headgate-{os.getuid()}"
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def _build(client: docker.DockerClient, name: str, base: str, progress: Progress) -> None:
    archive = context(folder(name))
    _, previous = _labels_and_id(client, name)
    progress(f"building the image {name} on {base}")
    events = client.api.build(
        fileobj=io.BytesIO(archive),
        custom_context=True,
        tag=name,
        buildargs={"BASE": base},
        labels={CONTENT_LABEL: digest(archive), BASE_LABEL: _labels_and_id(client, base)[1]},
        rm=True,
        forcerm=True,
        decode=True,
    )
    told = deque[str](maxlen=TAIL)
    for event in events:
        told.extend(_lines(event))
        if "error" in event:
            raise LabError(_failed(f"the image {name} could not be built", told))
    if previous != _labels_and_id(client, name)[1]:
        _drop(client, previous)


def _lines(event: Mapping[str, Any]) -> list[str]:
    """What a person would read of an event of the engine's, without blank lines."""
    text = str(event.get("stream") or event.get("error") or event.get("status") or "")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _failed(what: str, told: Iterable[str]) -> str:
    return "\n  ".join([f"{what}; its last words were", *told])


def _drop(client: docker.DockerClient, image: str) -> None:
    """Remove the image that a newer one has replaced, unless a container still uses it."""
    import docker.errors

    if image:
        with contextlib.suppress(docker.errors.APIError):
            client.images.remove(image)


def _base(client: docker.DockerClient, progress: Progress) -> str:
    """The name of an image to build on; what the engine has already comes before what must come."""
    for name in BASES:
        if present(client, name):
            return name
    refusal = _pull(client, progress)
    if not refusal:
        return REGISTRY_BASE
    progress(f"{REGISTRY_BASE} cannot be pulled ({refusal})")
    _make_base(client, progress)
    return OWN_BASE


def _pull(client: docker.DockerClient, progress: Progress) -> str:
    """Pull Debian's image; "" when it is there, else in a few words why not.

    The events are read in a thread of their own, since a read that waits for a silent registry
    can be given up only by whoever does not wait for it.
    """
    progress(f"pulling {REGISTRY_BASE}")
    events = queue.SimpleQueue[Mapping[str, Any]]()
    threading.Thread(target=_read_pull, args=(client, events), daemon=True).start()
    patience = FIRST_ANSWER
    while True:
        try:
            event = events.get(timeout=patience)
        except queue.Empty:
            return f"no answer within {patience:.0f} s"
        if "error" in event:
            return " ".join(_lines(event)[-1:]) or "no reason given"
        if "done" in event:
            return ""
        patience = NEXT_ANSWER


def _read_pull(client: docker.DockerClient, events: queue.SimpleQueue[Mapping[str, Any]]) -> None:
    repository, _, tag = REGISTRY_BASE.partition(":")
    try:
        for event in client.api.pull(repository, tag=tag, stream=True, decode=True):
            events.put(event)
    except Exception as error:  # whatever it was, the reader is told and takes the other way
        events.put({"error": getattr(error, "explanation", None) or str(error)})
    else:
        events.put({"done": True})


def _make_base(client: docker.DockerClient, progress: Progress) -> None:
    if not can_bootstrap():
        raise NoBaseError(
            f"there is nothing to build the images on: {REGISTRY_BASE} cannot be pulled and "
            "mmdebstrap is not installed (apt-get install mmdebstrap)"
        )
    progress(f"making {OWN_BASE} with mmdebstrap")
    repository, _, tag = OWN_BASE.partition(":")
    client.api.import_image_from_data(bootstrap(), repository=repository, tag=tag)
    if not present(client, OWN_BASE):
        raise LabError(f"the engine did not take {OWN_BASE} from mmdebstrap")


def can_bootstrap() -> bool:
    return shutil.which(_MMDEBSTRAP[0]) is not None


def bootstrap(hooks: Sequence[str] = (), made: str = OWN_BASE) -> Iterator[bytes]:
    """A minimal Debian as a tar archive, in pieces, with what shell commands as `hooks` have done
    to it, whose `$1` is its root.

    LabError in place of its end when mmdebstrap failed: an engine then sees an upload that broke
    off and keeps nothing of it.
    """
    program, *words = _MMDEBSTRAP
    argv = [program, *(f"--customize-hook={hook}" for hook in hooks), *words]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdout is not None
        while piece := process.stdout.read(1 << 20):
            yield piece
        if process.wait() != 0:
            log.seek(0)
            told = deque((line.rstrip() for line in log), maxlen=TAIL)
            raise LabError(_failed(f"mmdebstrap could not make {made}", told))


def main() -> int:
    """`python -m headgate.images` builds what is missing, a line a step.

    0 when both images are there, 2 when not, 3 when only mmdebstrap is lacking.
    """
    from headgate.engines.docker_engine import connect, translated

    try:
        with contextlib.closing(connect()) as client, translated():
            ensure_images(client, lambda line: print(line, flush=True))
    except NoBaseError as error:
        print(error, file=sys.stderr)
        return NO_BASE
    except HeadgateError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
