"""Makes a user namespace and, for a session, everything that it has to itself; then watches it.

Runs on the harness's interpreter, with the control socket as its standard input. When the harness
closes its end of that, or dies, the session's first process is killed, and the kernel ends what is
left in its namespaces. When the launcher itself is killed, that process goes with it.
"""

from __future__ import annotations

import os
import select
import sys

from headgate.engines.sandbox import kernel
from headgate.engines.sandbox.furniture import INERT, furnish_devices

TYPE_CHECKING = False  # typing takes longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

# Where the keeper finds the cache of root file systems and agents.
CACHE = "/mnt"
_OWN = kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS

_KEEPER = """
import sys
sys.path += [sys.argv[1], "/usr/lib/python3/dist-packages"]
from headgate.engines.sandbox.keeper import main
main()
"""


def main(argv: Sequence[str]) -> None:
    """`UIDS GIDS session ROOT CACHE AGENTS` puts up a session, with the environment of this process
    as that of its programs; `UIDS GIDS run PROGRAM…` runs a program in a user namespace; `UIDS GIDS
    try` does what a session takes, and fails where that would."""
    uids, gids, what, *rest = argv
    enter_user_namespace(uids, gids)
    if what == "run":
        os.execvp(rest[0], rest)
    if what == "try":
        _attempt()
    watch(_start(*rest))


def enter_user_namespace(uids: str, gids: str) -> None:
    """Be root of a new user namespace; the maps are lines as in user_namespaces(7), joined by
    commas.

    A process that has stayed outside writes them: a map of more than one's own id takes newuidmap,
    or root.
    """
    pid = os.getpid()
    entered, tell = os.pipe()
    mapper = os.fork()
    if not mapper:
        os.close(tell)
        os._exit(0 if os.read(entered, 1) and _map(pid, uids, gids) else 1)
    os.close(entered)
    kernel.unshare(kernel.CLONE_NEWUSER)
    os.write(tell, b"!")
    os.close(tell)
    if os.waitpid(mapper, 0)[1]:
        raise OSError("the ids of the user namespace could not be mapped")
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _map(pid: int, uids: str, gids: str) -> bool:
    if os.geteuid():
        return _with_helper("newgidmap", pid, gids) and _with_helper("newuidmap", pid, uids)
    for name, lines in (("gid_map", gids), ("uid_map", uids)):
        with open(f"/proc/{pid}/{name}", "w") as file:
            file.write(lines.replace(",", "\n") + "\n")
    return True


def _with_helper(helper: str, pid: int, lines: str) -> bool:
    numbers = lines.replace(",", " ").split()
    return not os.spawnvp(os.P_WAIT, helper, [helper, str(pid), *numbers])


def _start(root: str, cache: str, agents: str) -> int:
    kernel.unshare(_OWN)
    keeper = os.fork()
    if not keeper:
        try:
            kernel.die_with_parent()
            furnish(root, cache)
            # Without `site`, which would cost as much time as all of the above.
            argv = ["python3", "-IS", "-c", _KEEPER, f"{CACHE}/agents/{agents}"]
            os.execv("/usr/bin/python3", argv)
        finally:
            os._exit(1)
    return keeper


def _attempt() -> NoReturn:
    from headgate.engines.sandbox import seccomp

    kernel.unshare(_OWN | kernel.CLONE_NEWNS)
    if first := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", INERT)
    kernel.mount("sysfs", "/sys", "sysfs", INERT)
    kernel.keep_capabilities(())
    kernel.filter_calls(seccomp.program(os.uname().machine))
    os._exit(0)


def furnish(root: str, cache: str) -> None:
    """Make the lab's root file system the root, with what a system needs around it."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.bind(root, root, kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV)
    kernel.mount("proc", f"{root}/proc", "proc", INERT)
    kernel.mount("sysfs", f"{root}/sys", "sysfs", INERT)
    furnish_devices(f"{root}/dev", "/dev")
    for path in ("/tmp", "/run"):
        kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    kernel.bind(cache, root + CACHE, kernel.MS_NOSUID | kernel.MS_NODEV)
    kernel.change_root(root)


def watch(keeper: int) -> NoReturn:
    """Wait until the harness has gone or the keeper has ended; leave nothing."""
    lifeline, ended = select.poll(), os.pidfd_open(keeper)
    lifeline.register(0, 0)  # nothing but its end
    lifeline.register(ended, select.POLLIN)
    lifeline.poll()
    os.kill(keeper, 9)
    os.waitpid(keeper, 0)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
