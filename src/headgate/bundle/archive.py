"""A bundle's archive: a plain tar of plain files, and no two ways to write the same one.

Members are sorted by name, belong to nobody, are of no time, and none is a link or a directory; the
mode says whether a file may be executed, and no more. So what was read can be written again and
compared with the file to the byte: nothing hides in headers, between members or behind the end.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from headgate.errors import HeadgateError

MOST_BYTES = 1 << 30
MOST_MEMBERS = 30_000
LONGEST_NAME = 4096
# What is looked into when a bundle is proved; all else is only summed.
MOST_READ = 64 << 20
_BLOCK = 1 << 20

_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.DIRTYPE: "a directory",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


class Unsafe(HeadgateError):
    """What was given is no bundle, or holds what no bundle holds."""


@dataclass(frozen=True)
class Member:
    """A file to put in: its content, or where on disk it is."""

    content: bytes | Path
    executable: bool = False

    @property
    def size(self) -> int:
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        if isinstance(self.content, bytes):
            yield io.BytesIO(self.content)
        else:
            with self.content.open("rb") as file:
                yield file

    @property
    def sum(self) -> str:
        with self.opened() as file:
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
            return digest.hexdigest()


def write(file: IO[bytes], members: Mapping[str, Member]) -> None:
    """Write an archive of these files by name."""
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(members):
            member = members[name]
            with member.opened() as content:
                tar.addfile(_header(name, member.size, member.executable), content)


def _header(name: str, size: int, executable: bool) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    header.mode = 0o755 if executable else 0o644
    return header


@dataclass(frozen=True)
class Read:
    """A file of an archive: its SHA-256 in hex, its mode's word, and its content if it was asked
    for."""

    sum: str
    size: int
    executable: bool
    content: bytes = b""


def read(path: Path, wanted: Callable[[str], bool]) -> dict[str, Read]:
    """The files of an archive, with the content of those that are wanted.

    Raises `Unsafe` for anything but plain files with plain names, each once, none too large.
    Nothing is ever written to a disk.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unsafe(f"{path}: more than {MOST_BYTES >> 20} MiB: too large for a bundle")
        with tarfile.open(path, "r:") as tar:
            return _read(path, tar, wanted)
    except FileNotFoundError:
        raise Unsafe(f"{path}: there is no such file: expected a bundle") from None
    except (OSError, tarfile.TarError, UnicodeError, ValueError, OverflowError) as error:
        raise Unsafe(f"{path}: cannot be read as a bundle: {error}") from error


def _read(path: Path, tar: tarfile.TarFile, wanted: Callable[[str], bool]) -> dict[str, Read]:
    found: dict[str, Read] = {}
    left = MOST_READ
    for header in tar:
        _assert_plain(path, header)
        if header.name in found:
            raise Unsafe(f"{path}: {header.name!r} is in it twice")
        if len(found) >= MOST_MEMBERS:
            raise Unsafe(f"{path}: more than {MOST_MEMBERS:,} files: too many for a bundle")
        keeps = wanted(header.name)
        left -= header.size if keeps else 0
        if left < 0:
            raise Unsafe(f"{path}: {header.name!r} is too large: it would not be looked into")
        file = tar.extractfile(header)
        assert file
        found[header.name] = _summed(header, file, keeps)
    return found


def _assert_plain(path: Path, header: tarfile.TarInfo) -> None:
    name, kind = header.name, header.type
    if kind not in (tarfile.REGTYPE, tarfile.AREGTYPE) or header.issparse():
        what = _KINDS.get(kind, "no plain file")
        raise Unsafe(f"{path}: {name!r} is {what}: a bundle holds plain files alone")
    if not is_plain(name):
        raise Unsafe(f"{path}: {name!r} leads out of the bundle, or is no plain name")
    if header.size > MOST_BYTES:
        raise Unsafe(f"{path}: {name!r} claims {header.size:,} bytes: too large for a bundle")


def is_plain(name: str) -> bool:
    """Whether a name is a relative path that leads down, as every system reads it."""
    parts = name.split("/")
    odd = {"", ".", ".."}.intersection(parts) or "\\" in name or not name.isprintable()
    return not odd and len(name) <= LONGEST_NAME


def _summed(header: tarfile.TarInfo, file: IO[bytes], keeps: bool) -> Read:
    digest, kept, left = hashlib.sha256(), bytearray(), header.size
    while left:
        block = file.read(min(left, _BLOCK))
        if not block:
            raise tarfile.ReadError(f"{header.name!r} ends too early")
        digest.update(block)
        left -= len(block)
        if keeps:
            kept += block
    return Read(digest.hexdigest(), header.size, bool(header.mode & 0o111), bytes(kept))


def is_canonical(path: Path, executable: Callable[[str], bool]) -> bool:
    """Whether the archive is, to the byte, what `write` makes of the files in it."""
    with path.open("rb") as file, tarfile.open(path, "r:") as tar:
        same = _Comparing(file)
        with tarfile.open(fileobj=same, mode="w|", format=tarfile.PAX_FORMAT) as again:
            for name, header in sorted((one.name, one) for one in tar):
                content = tar.extractfile(header)
                again.addfile(_header(name, header.size, executable(name)), content)
        return same.so_far and not file.read(1)


class _Comparing(io.RawIOBase):
    """A file to write to, which compares what is written with another one."""

    def __init__(self, other: IO[bytes]) -> None:
        self._other = other
        self.so_far = True

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        written = bytes(memoryview(data))  # type: ignore[arg-type]
        self.so_far = self.so_far and self._other.read(len(written)) == written
        return len(written)


def sums_of(members: Mapping[str, Member]) -> bytes:
    """What `sha256sum` prints for these files, sorted by name."""
    return sums_text((name, members[name].sum) for name in sorted(members))


def sums_text(sums: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{value}  {name}\n" for name, value in sums).encode()
