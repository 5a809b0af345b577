r"""A candidate: a directory whose files are installed, unchanged, over those of the gateway.

All its plain files count, hidden ones too, but for the top-level `gateway.yaml`, which says how
to run the gateway and is not installed. Symbolic links, as in `sites-enabled/`, are installed as
links, wherever they lead: they are never followed here, and in the gateway they lead to its own
files. Pipes, sockets and devices are refused. Directories without a file are not installed.

The digest is the SHA-256 of the lines that `sha256sum` prints for the files, sorted by the bytes
of their paths: the file's SHA-256, two spaces (a space and `*`, as `sha256sum -b` writes, where
the file has an execute bit), the path, a line feed. For a link it is the SHA-256 of its target, a
space and `@`. So anyone can have it, in the directory, by

    find . ! -type d ! -path ./gateway.yaml -printf '%P\n' | LC_ALL=C sort |
    while IFS= read -r file; do
        if [ -h "$file" ]; then
            printf '%s @%s\n' "$(find "./$file" -printf '%l' | sha256sum | cut -c-64)" "$file"
        elif [ "$(find "./$file" -perm /111)" ]; then sha256sum -b -- "$file"
        else sha256sum -t -- "$file"; fi
    done | sha256sum
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NoReturn

from headgate.errors import InputError, Problem
from headgate.gateway_spec import FILE_NAME, GatewaySpec, load_gateway_spec
from headgate.yamlfile import Gathering, legible, shown

MAIN_FILE = "nginx.conf"
MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024
MOST_NESTED = 32  # each level holds a file descriptor open

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Candidate:
    """A candidate as it was read: `name` is its path as given, `files` maps the path of each file
    to install (relative, POSIX) to its bytes, `executable` names those with an execute bit,
    `links` maps the path of each symbolic link to its target."""

    name: str
    path: Path
    files: Mapping[str, bytes] = field(repr=False)
    executable: frozenset[str]
    digest: str
    spec: GatewaySpec
    links: Mapping[str, str] = field(default_factory=dict)


def load_candidate(path: Path, defaults: Path) -> Candidate:
    """The candidate in a directory, with its `gateway.yaml` laid over the file of defaults.

    Raises `InputError` with every problem found in its files and in its `gateway.yaml`.
    """
    with _opened_folder(path) as root, Gathering() as gathering:
        found = gathering.read(_files_of, path, root)
        spec = gathering.read(load_gateway_spec, path, defaults)
    digest = digest_of(found.files, found.executable, found.links)
    return Candidate(str(path), path, found.files, found.executable, digest, spec, found.links)


def digest_of(
    files: Mapping[str, bytes],
    executable: Collection[str] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """The digest (`sha256:` and 64 hex digits) of files by path, as the head of this file says."""
    sums = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    return digest_of_sums(sums, executable, links)


def digest_of_sums(
    sums: Mapping[str, str],
    executable: Collection[str] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """The same digest, where each file's SHA-256 (hex, lower case) is known already."""
    lines = sum_lines(sums, executable, links)
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def sum_lines(
    sums: Mapping[str, str],
    executable: Collection[str] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """The lines that the digest is the SHA-256 of."""
    marked = {path: f"{sums[path]} {'*' if path in executable else ' '}" for path in sums}
    for path, target in (links or {}).items():
        marked[path] = f"{hashlib.sha256(target.encode()).hexdigest()} @"
    return "".join(f"{marked[path]}{path}\n" for path in sorted(marked))


def sum_lines_of(path: Path) -> str:
    """Those lines of whatever stands in a directory, an `nginx.conf` or none. InputError when it
    holds what no candidate may hold."""
    with _opened_folder(path) as root:
        walk = _Walk(path)
        walk.folder(root, "")
        found = walk.found()
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in found.files.items()}
    return sum_lines(sums, found.executable, found.links)


@dataclass(frozen=True)
class _Found:
    files: dict[str, bytes]
    executable: frozenset[str]
    links: dict[str, str]


def _files_of(path: Path, root: int) -> _Found:
    walk = _Walk(path)
    walk.folder(root, "")
    walk.assert_main_file()
    return walk.found()


class _Walk:
    """One reading of a candidate's directory. Every name is opened relative to its directory's
    descriptor and never through a link, so that no exchange on the way leads outside."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, bytes] = {}
        self._executable: set[str] = set()
        self._links: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._seen: set[str] = set()
        self._left = MOST_BYTES

    def assert_main_file(self) -> None:
        """Let it be a problem when there is no main file."""
        main = f"{self._path}/{MAIN_FILE}"
        if MAIN_FILE not in {*self._files, *self._links} and all(
            main != problem.where for problem in self._problems
        ):
            self._problems.append(Problem(str(self._path), self._without_main_file()))

    def found(self) -> _Found:
        if self._problems:
            raise InputError(*self._problems)
        return _Found(self._files, frozenset(self._executable), self._links)

    def folder(self, folder: int, prefix: str) -> None:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_FILES + 1)]
        if len(self._seen) + len(names) > MOST_FILES:
            _fail(self._path, f"more than {MOST_FILES:,} files and directories: too large")
        self._seen.update(prefix + name for name in names)
        for name in sorted(names):
            try:
                self._entry(folder, name, prefix + name)
            except OSError as error:
                self._refuse(prefix + name, f"this cannot be read: {error.strerror}")

    def _entry(self, folder: int, name: str, path: str) -> None:
        if path == FILE_NAME:
            return
        if not path.isprintable() or "\\" in path:  # sha256sum would write such a name otherwise
            self._refuse(path, "the name holds a backslash or a character that does not print")
            return
        kind = stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        if kind == stat.S_IFDIR:
            self._directory(folder, name, path)
        elif kind == stat.S_IFREG:
            self._file(folder, name, path)
        elif kind == stat.S_IFLNK:
            self._links[path] = os.readlink(name, dir_fd=folder)
        else:
            what = _KINDS.get(kind, "a special file")
            self._refuse(path, f"this is {what}: expected plain files, directories and links only")

    def _directory(self, folder: int, name: str, path: str) -> None:
        if path.count("/") >= MOST_NESTED:
            _fail(self._path, f"directories nested more than {MOST_NESTED} deep: too large")
        with _opened(name, os.O_DIRECTORY | os.O_NOFOLLOW, folder) as inner:
            self.folder(inner, path + "/")

    def _file(self, folder: int, name: str, path: str) -> None:
        with _opened(name, os.O_NOFOLLOW | os.O_NONBLOCK, folder) as opened:
            mode = os.fstat(opened).st_mode
            if not stat.S_ISREG(mode):
                self._refuse(path, "this changed while it was read")
                return
            self._files[path] = self._content(opened)
        if mode & 0o111:
            self._executable.add(path)

    def _content(self, opened: int) -> bytes:
        with open(opened, "rb", closefd=False) as file:
            content = file.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            _fail(self._path, f"more than {MOST_BYTES >> 20} MiB: too large for a candidate")
        return content

    def _refuse(self, path: str, what: str) -> None:
        self._problems.append(Problem(f"{self._path}/{legible(path)}", what))

    def _without_main_file(self) -> str:
        inner = sorted(path for path in self._seen if path.endswith(f"/{MAIN_FILE}"))
        hint = f" (there is {shown(inner[0])}: was its directory meant?)" if inner else ""
        return f"expected a file {MAIN_FILE} at its top, found none{hint}"


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except FileNotFoundError:
        _fail(path, f"there is no such directory: expected one that holds {MAIN_FILE}")
    except NotADirectoryError:
        _fail(path, f"this is not a directory: expected one that holds {MAIN_FILE}")
    except OSError as error:
        _fail(path, f"the directory cannot be read: {error.strerror}")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened(name: str, flags: int, folder: int) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _fail(path: Path, what: str) -> NoReturn:
    raise InputError(Problem(str(path), what))
