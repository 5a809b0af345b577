"""Holds a cage to its memory and its number of processes, where no control group does.

What a group would refuse is seen here a moment later, and ended as the kernel ends it: by SIGKILL,
the largest process first. Memory file systems count, as they do in a group.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

LOOK_EVERY = 25  # ms
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROPORTIONAL = re.compile(r"^Pss: +(\d+) kB", re.M)


def watch(holder: int, writable: Iterable[str], memory: int, processes: int) -> None:
    """Watch the cage that this process holds, until it has ended."""
    ended = select.poll()
    ended.register(os.pidfd_open(holder), select.POLLIN)
    space = os.readlink(f"/proc/{holder}/ns/pid")
    disks = [f"/proc/{holder}/root{path}" for path in (*writable, "/dev/shm")]
    while not ended.poll(LOOK_EVERY):
        sizes = dict(_sizes(space))
        for pid in sorted(sizes)[processes:]:
            _kill(pid)
        # What several processes share is in the size of each, so that this is never too little.
        room = memory - _stored(disks)
        if sum(sizes.values()) > room and sum(map(_share, sizes)) > room:
            _kill(max(sizes, key=lambda pid: sizes[pid]))


def _sizes(space: str) -> Iterator[tuple[int, int]]:
    """The resident bytes of each process in a process namespace."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") == space:
                size = Path(f"/proc/{entry}/statm").read_text().split()[1]
                yield int(entry), int(size) * _PAGE
        except OSError:
            continue  # it ended while we looked


def _share(pid: int) -> int:
    """The bytes of a process, what is shared counted in parts."""
    try:
        found = _PROPORTIONAL.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _stored(disks: Iterable[str]) -> int:
    """The bytes that lie in memory file systems."""
    used = 0
    for disk in disks:
        try:
            vfs = os.statvfs(disk)
        except OSError:
            continue
        used += (vfs.f_blocks - vfs.f_bfree) * vfs.f_frsize
    return used


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
