"""The system calls that the standard library of Python 3.11 does not have."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False  # typing takes longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Iterable

# linux/sched.h
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# linux/capability.h
CAPABILITIES = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "NET_BIND_SERVICE": 10,
    "NET_ADMIN": 12,
    "NET_RAW": 13,
    "SYS_CHROOT": 18,
    "SYS_PTRACE": 19,
    "SYS_ADMIN": 21,
}
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = "/proc/sys/kernel/cap_last_cap"

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) < 0:
        number = ctypes.get_errno()
        told = ", ".join(os.fsdecode(one) for one in args if isinstance(one, bytes))
        raise OSError(number, f"{name}({told}): {os.strerror(number)}")


def unshare(flags: int) -> None:
    _call("unshare", flags)


def setns(descriptor: int, flags: int) -> None:
    """Enter these kinds of namespaces of the process that a pidfd is of (Linux 5.8)."""
    _call("setns", descriptor, flags)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    words = [os.fsencode(word) for word in (source, target, kind)]
    _call("mount", *words, ctypes.c_ulong(flags), os.fsencode(options) or None)


def bind(source: str, target: str, flags: int = 0) -> None:
    """Mount what is at a path at another one too, with these flags of its own there."""
    mount(source, target, flags=MS_BIND | MS_REC)
    if flags:
        mount("", target, flags=MS_REMOUNT | MS_BIND | flags)


def change_root(new: str) -> None:
    """Make a mount point the root, and let go of the old one (pivot_root(2), "pivot_root(".", ".")"
    in the notes)."""
    os.chdir(new)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", MNT_DETACH)
    os.chdir("/")


def die_with_parent() -> None:
    """Have SIGKILL when the thread ends that this process was started by."""
    _call("prctl", _PR_SET_PDEATHSIG, 9, 0, 0, 0)


def be_private() -> None:
    """Let nobody of the same user look into this process's memory and descriptors until it executes
    a program (prctl(2), PR_SET_DUMPABLE)."""
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def be_called(name: str) -> None:
    """Give this process a name for whoever looks at the table of processes."""
    _call("prctl", _PR_SET_NAME, name.encode()[:15], 0, 0, 0)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def keep_capabilities(names: Iterable[str]) -> None:
    """Give up all capabilities but these, and the way back to them by any program."""
    kept = {CAPABILITIES[name] for name in names}
    with open(_LAST_CAPABILITY) as file:
        last = int(file.read())
    for number in range(last + 1):
        if number not in kept:
            _call("prctl", _PR_CAPBSET_DROP, number, 0, 0, 0)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    low = sum(1 << number for number in kept)
    sets = (_Sets * 2)(_Sets(low, low, 0), _Sets(0, 0, 0))
    _call("capset", ctypes.byref(_Header(_CAPABILITY_VERSION, 0)), sets)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls(program: bytes) -> None:
    """Have every system call from now on, and of every child, pass this BPF program. It takes
    no_new_privs (seccomp(2))."""
    packed = _Program(len(program) // 8, program)
    _call("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(packed), 0, 0)
