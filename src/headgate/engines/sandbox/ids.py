"""The ids that a user may map into a namespace: a gateway needs more than one.

nginx's master is root and its workers are `www-data`. An ordinary user maps its own id by itself;
for others it takes the helpers `newuidmap` and `newgidmap` (Debian's package `uidmap`) and ranges
for the user in /etc/subuid and /etc/subgid (subuid(5)).
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from headgate.errors import LabError

# Debian's ids for system users and `nogroup`, and all between.
NEEDED = 65535
SUBORDINATE = ("/etc/subuid", "/etc/subgid")


class NoIdsError(LabError):
    """There are no ids to map: what is missing, and the command that mends it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}: {mend}")
        self.what = what
        self.mend = mend


Line = list[int]
"""First id inside, first id outside, how many (user_namespaces(7))."""


def maps() -> tuple[str, str]:
    """The maps of user and group ids: `root` inside is this user, the others are its subordinate
    ids.

    NoIdsError when there are none. A single id would not do: what nginx asks of the kernel for its
    workers, `setgid(33)`, would fail.
    """
    if os.geteuid() == 0:
        return _joined(_same("uid_map")), _joined(_same("gid_map"))
    missing = [name for name in ("newuidmap", "newgidmap") if not shutil.which(name)]
    if missing:
        raise NoIdsError(f"{missing[0]} is not there", "sudo apt-get install uidmap")
    user = pwd.getpwuid(os.getuid()).pw_name
    uids = [[0, os.getuid(), 1], *_subordinate(user, SUBORDINATE[0], "--add-subuids")]
    gids = [[0, os.getgid(), 1], *_subordinate(user, SUBORDINATE[1], "--add-subgids")]
    return _joined(uids), _joined(gids)


def _joined(lines: Iterable[Line]) -> str:
    return ",".join(" ".join(map(str, line)) for line in lines)


def _same(name: str) -> list[Line]:
    """Each id that there is here, as itself."""
    lines = Path(f"/proc/self/{name}").read_text().splitlines()
    found = (list(map(int, line.split())) for line in lines)
    return [[inside, inside, count] for inside, _, count in found]


def _subordinate(user: str, path: str, option: str) -> list[Line]:
    ranges = sorted(_ranges(user, path), key=lambda one: -one[1])
    if not ranges or ranges[0][1] < NEEDED:
        mend = f"sudo usermod {option} 100000-165535 {user}"
        raise NoIdsError(f"{path} has no {NEEDED} ids for {user}", mend)
    first, count = ranges[0]
    return [[1, first, min(count, 1 << 16)]]


def _ranges(user: str, path: str) -> Iterator[tuple[int, int]]:
    """First id and count of each range that a user has (subuid(5): name or id, first, count)."""
    for line in _lines(path):
        name, first, count = line.split(":")
        if name in (user, str(os.getuid())):
            yield int(first), int(count)


def _lines(path: str) -> Iterable[str]:
    try:
        return [line for line in Path(path).read_text().splitlines() if line.count(":") == 2]
    except OSError:
        return []
