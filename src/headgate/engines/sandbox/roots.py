"""The root file systems of images, and the agents, in the user's cache.

```
XDG_CACHE_HOME/headgate/sandbox/roots/KEY/{root/, about.json}    a directory tree each
XDG_CACHE_HOME/headgate/sandbox/agents/KEY/headgate/…            with their bytecode
```

A key is a digest of what the root is made from. What is there under its key is whole: it is made
under another name and renamed, by one process at a time. What a killed one has left of that is
removed by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from headgate import images
from headgate.engines.choice import docker_answers
from headgate.engines.sandbox import dockerfile, launch
from headgate.errors import HeadgateError, LabError

Progress = Callable[[str], None]

# Where the keeper sees the cache.
_INSIDE = "/mnt"
_PART = ".part"

NO_SANDBOX = 4  # exit status of `python -m headgate.engines.sandbox.roots`


@dataclass(frozen=True)
class About:
    """What is known of a root: the digest that names it, what it was made from, and the
    environment of its programs."""

    digest: str
    source: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Root:
    """A root file system in the cache."""

    folder: Path
    about: About

    @property
    def path(self) -> Path:
        return self.folder / "root"

    @property
    def inside(self) -> str:
        """Its path as the keeper sees it."""
        return f"{_INSIDE}/roots/{self.folder.name}/root"

    def archive(self, path: str) -> bytes:
        """A directory of it as a tar archive whose names begin with its last part."""
        kept = self.folder / f"{_hash(path)}.tar"
        if not kept.exists():
            if not (self.path / path.lstrip("/")).is_dir():
                raise LabError(f"the image has no directory {path}")
            parent, _, name = path.rpartition("/")
            data = launch.output("tar", "-cC", f"{self.path}{parent}", name)
            with _written(kept) as part:
                part.write_bytes(data)
        return kept.read_bytes()


def cache() -> Path:
    """The folder of everything here."""
    folder = images.cache_folder() / "sandbox"
    for name in ("roots", "agents"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def ensure(image: str, progress: Progress) -> Root:
    """The root of an image, made if it is not there. LabError when it cannot be had.

    Safe to call from several processes at once: one makes it, the others wait.
    """
    if image in (images.GATEWAY, images.LAB):
        digest = images.digest(images.context(images.folder(image)))
        return _kept(digest) or _made(image, digest, progress)
    if not docker_answers():
        raise LabError(
            f"the sandbox has no such image: {image}: it has the lab's own, and those of a Docker "
            "engine that answers"
        )
    with _exported(image) as (digest, about, archive):
        return _kept(digest) or _unpacked(about, archive)


def missing() -> list[str]:
    """Which of the lab's own images have no root in the cache yet."""
    own = (images.GATEWAY, images.LAB)
    return [one for one in own if not _kept(images.digest(images.context(images.folder(one))))]


def _kept(digest: str) -> Root | None:
    folder = cache() / "roots" / _hash(digest)
    try:
        return Root(folder, About(**json.loads((folder / "about.json").read_text())))
    except FileNotFoundError:
        return None


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def _made(image: str, digest: str, progress: Progress) -> Root:
    with _alone(progress):
        if kept := _kept(digest):
            return kept
        if docker_answers():
            progress(f"taking the root of {image} from the Docker engine")
            with _exported(image, progress) as (_, about, archive):
                return _unpacked(About(digest, about.source, about.environment), archive)
        progress(f"making the root of {image} with mmdebstrap")
        recipe = dockerfile.read(images.folder(image) / "Dockerfile")
        about = About(digest, "mmdebstrap", {"HOME": "/root", **recipe.environment})
        return _unpacked(about, _bootstrapped(image, recipe))


def _bootstrapped(image: str, recipe: dockerfile.Recipe) -> Iterator[bytes]:
    if not images.can_bootstrap():
        raise images.NoBaseError(
            "the root file systems of the lab are made by mmdebstrap, which is not installed "
            "(apt-get install mmdebstrap)"
        )
    settings = shlex.join(f"{name}={value}" for name, value in recipe.environment.items())
    hooks = [f'chroot "$1" env {settings} sh -c {shlex.quote(step)}' for step in recipe.steps]
    return images.bootstrap(hooks, f"the root of {image}")


@contextlib.contextmanager
def _exported(
    image: str, progress: Progress = lambda line: None
) -> Iterator[tuple[str, About, Iterable[bytes]]]:
    """An image of the Docker engine: its digest, what is to know, and its files as an archive."""
    from headgate.engines.docker_engine import exported

    with exported(image, progress) as (digest, environment, archive):
        pairs = dict(one.split("=", 1) for one in environment)
        yield digest, About(digest, f"Docker, {digest}", {"HOME": "/root", **pairs}), archive


def _unpacked(about: About, archive: Iterable[bytes]) -> Root:
    folder = cache() / "roots" / _hash(about.digest)
    with _written(folder) as part:
        root = part / "root"
        root.mkdir(parents=True, mode=0o755)
        launch.feed(archive, "tar", "-xpC", str(root), "--numeric-owner", *_WITHOUT_DEVICES)
        (part / "about.json").write_text(json.dumps(asdict(about), indent=2))
    return Root(folder, about)


# No user namespace may make a device.
_WITHOUT_DEVICES = ("--anchored", "--exclude=dev/*", "--exclude=./dev/*")


def main() -> int:
    """`python -m headgate.engines.sandbox.roots` makes what is missing, a line a step.

    0 when both roots are there, 2 when not, 3 when only mmdebstrap is lacking, 4 when this machine
    allows no sandbox.
    """
    try:
        launch.attempt()
    except HeadgateError as error:
        print(f"{error}; `headgate doctor` says more", file=sys.stderr)
        return NO_SANDBOX
    try:
        for image in (images.GATEWAY, images.LAB):
            ensure(image, lambda line: print(line, flush=True))
    except images.NoBaseError as error:
        print(error, file=sys.stderr)
        return images.NO_BASE
    except HeadgateError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def agents() -> str:
    """The key of the agents in the cache, which are put there if they are not."""
    sources = dict(_sources())
    digest = hashlib.sha256()
    for name, content in sorted(sources.items()):
        digest.update(f"{name} {len(content)} ".encode() + content)
    folder = cache() / "agents" / digest.hexdigest()[:24]
    if not folder.exists():
        with _written(folder) as part:
            for name, content in sources.items():
                path = part / "headgate" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return folder.name


def _sources() -> Iterator[tuple[str, bytes]]:
    """What the nodes run: the agents, and what starts them."""
    package = resources.files("headgate")
    for name in ("__init__.py", "engines/__init__.py"):
        yield name, b""
    yield "internet.py", package.joinpath("internet.py").read_bytes()
    for part in ("agents", "engines/sandbox"):
        for source in package.joinpath(part).iterdir():
            if source.name.endswith(".py"):
                yield f"{part}/{source.name}", source.read_bytes()


@contextlib.contextmanager
def _written(target: Path) -> Iterator[Path]:
    """Another path in the same folder, whose content is the target's when all has gone well."""
    place = Path(tempfile.mkdtemp(suffix=_PART, prefix="", dir=target.parent))
    part = place / target.name
    try:
        yield part
        try:
            part.rename(target)
        except OSError:
            if not target.exists():  # else somebody was first, with the same
                raise
    finally:
        _remove(place)


def _remove(folder: Path) -> None:
    """Remove what may hold other users' files in part: those of the ids mapped into a root."""
    if any(folder.iterdir()):
        launch.output("rm", "-rf", str(folder))
    else:
        folder.rmdir()


@contextlib.contextmanager
def _alone(progress: Progress) -> Iterator[None]:
    """Hold the lock that making a root takes, and remove what was left half made."""
    with (cache() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another run that makes the lab's root file systems")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for part in (cache() / "roots").glob(f"*{_PART}"):
            _remove(part)
        yield


if __name__ == "__main__":
    raise SystemExit(main())
