"""Saves of files, told by the kernel (inotify(7)): what has to be read again, and when.

What an event says is not trusted for more than that something was written: whoever is woken reads
everything anew and compares. So it does not matter in which of their ways editors save, by writing,
by renaming, or by putting a new directory in the place of the old one.

It is the C library that is called: of inotify three calls are needed, and what a library beside it
would add (other systems, filters, threads) is of no use here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from headgate.errors import HeadgateError

# Values of <sys/inotify.h>.
_WRITTEN = 0x002 | 0x004 | 0x008  # modified, its mode or owner changed, closed after writing
_NAMES = 0x040 | 0x080 | 0x100 | 0x200  # moved away, moved here, made, deleted
_GONE = 0x400 | 0x800  # the directory itself: deleted, moved
_IGNORED = 0x8000
_ONLYDIR, _DONT_FOLLOW, _CLOEXEC, _NONBLOCK = 0x0100_0000, 0x0200_0000, 0x8_0000, 0x800

_EVENT = struct.Struct("iIII")

# Seconds of silence after which a save is taken to be complete, and after which it is in any case:
# an editor writes a file in pieces, a check-out many files one after another.
QUIET, MOST = 0.15, 2.0

# What editors keep beside a file while it is open. It is no save of the file. (What of it lies in a
# candidate when that is read is a part of it all the same.)
_EDITORS_OWN = re.compile(r"\..*\.sw.|\.#.*|#.*#|.*~|4913")


class Saves:
    """Watches directories with all that is in them, and single files, which may come and go.

    Those that are made later in a directory are watched once `look_again` has been called.
    """

    def __init__(self, *, trees: Sequence[Path], files: Sequence[Path] = ()) -> None:
        self._trees = trees
        self._files = files
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = -1
        # For each watch the names that count in its directory; all of them, where there are none.
        self._names: dict[int, set[str]] = {}

    def __enter__(self) -> Self:
        self.look_again()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def look_again(self) -> None:
        """Watch what is there now. What is read after this call is not older than any save that
        is not told."""
        self._close()
        self._descriptor = self._library.inotify_init1(_CLOEXEC | _NONBLOCK)
        self._assert_done(self._descriptor, "this system cannot tell of saves")
        for path in (*self._trees, *self._files):
            self._add(path.absolute().parent, path.name)
        for tree in self._trees:
            for folder in _folders(tree):
                self._add(folder)

    def happened(self) -> bool:
        """Whether something has been saved since the last call that said so."""
        found = False
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._descriptor, 1 << 16):
                found |= any(self._counts(*event) for event in _events(data))
        return found

    def wait(self) -> None:
        """Wait for a save, and until it is complete."""
        while True:
            select.select([self._descriptor], [], [])
            if self.happened():
                return self.settle()

    def settle(self) -> None:
        """Wait until a save that has begun is complete: until nothing more is written."""
        end = time.monotonic() + MOST
        while time.monotonic() < end and select.select([self._descriptor], [], [], QUIET)[0]:
            self.happened()

    def _add(self, folder: Path, name: str = "") -> None:
        kinds = _WRITTEN | _NAMES | _GONE | _ONLYDIR | (0 if name else _DONT_FOLLOW)
        watch = self._library.inotify_add_watch(self._descriptor, os.fsencode(folder), kinds)
        if watch < 0 and ctypes.get_errno() == 28:  # ENOSPC
            self._assert_done(watch, "fs.inotify.max_user_watches is too low for this directory")
        if watch < 0:  # it has gone in the meantime, and its parent tells of that
            return
        if name and (watch not in self._names or self._names[watch]):
            self._names.setdefault(watch, set()).add(name)
        elif not name:
            self._names[watch] = set()

    def _counts(self, watch: int, mask: int, name: str) -> bool:
        if mask & _IGNORED or watch not in self._names:
            return watch == -1  # too many to be told one by one
        wanted = self._names[watch]
        return name in wanted if wanted else not _EDITORS_OWN.fullmatch(name)

    def _assert_done(self, result: int, what: str) -> None:
        if result < 0:
            raise HeadgateError(f"{what}: {os.strerror(ctypes.get_errno())}")

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._names = {}


def _folders(tree: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(tree):
        yield Path(folder)


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at < len(data):
        watch, mask, _, length = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        name = os.fsdecode(data[at : at + length].rstrip(b"\0"))
        at += length
        yield watch, mask, name
