"""The system calls that a cage is denied, as a BPF program for the kernel (seccomp(2)).

Denied is what Docker's default profile denies to a container without further capabilities (Docker
Engine, "Seccomp security profiles for Docker"), and some of what it leaves to capabilities. What is
newer than this list is answered as if the kernel did not have it; programs then take an older way.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass

# linux/audit.h
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers on x86_64 (asm/unistd_64.h) and aarch64 (asm-generic/unistd.h); None: there is none.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "afs_syscall": (183, None),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "epoll_ctl_old": (214, None),
    "epoll_wait_old": (215, None),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "get_kernel_syms": (177, None),
    "get_mempolicy": (239, 236),
    "getpmsg": (181, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "putpmsg": (182, None),
    "query_module": (178, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "security": (185, None),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "syslog": (103, 116),
    "tuxcall": (184, None),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "ustat": (136, None),
    "vhangup": (153, 58),
    "vserver": (236, None),
}
_CLONE, _CLONE3, _PERSONALITY, _SOCKET = (56, 220), (435, 435), (135, 92), (41, 198)
# The last call that is in the list or has been found harmless (Linux 5.17).
NEWEST = 450
# On x86_64 calls of the x32 interface have this bit (asm/unistd.h).
_X32 = 0x40000000

# All kinds of namespaces (linux/sched.h); with clone3(2) they could not be seen from here.
_NAMESPACES = 0x7E020000
_AF_VSOCK = 40
_LINUX, _ASK = 0, 0xFFFFFFFF  # the only personality, and the question for it

# linux/bpf_common.h, linux/seccomp.h
_LOAD, _EQUAL, _GREATER, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16  # struct seccomp_data; the low half of the first

_INSTRUCTION = struct.Struct("=HBBI")


@dataclass(frozen=True)
class Step:
    """One instruction; a test goes on at a label, or with what follows."""

    code: int
    value: int
    label: str = ""
    then: str = ""
    otherwise: str = ""


def program(machine: str) -> bytes:
    """The filter for a machine as `uname -m` names it. KeyError for one that is not known."""
    return assembled(_steps(ARCHITECTURES[machine], [*ARCHITECTURES].index(machine)))


def _steps(architecture: int, column: int) -> list[Step]:
    numbers = [row[column] for row in DENIED.values()]
    return [
        Step(_LOAD, _ARCHITECTURE),
        Step(_EQUAL, architecture, otherwise="deny"),
        Step(_LOAD, _NUMBER),
        Step(_AT_LEAST, _X32, then="deny"),
        Step(_GREATER, NEWEST, then="unknown"),
        *(Step(_EQUAL, number, then="deny") for number in numbers if number is not None),
        Step(_EQUAL, _CLONE3[column], then="unknown"),
        Step(_EQUAL, _CLONE[column], then="clone"),
        Step(_EQUAL, _PERSONALITY[column], then="personality"),
        Step(_EQUAL, _SOCKET[column], then="socket", otherwise="allow"),
        Step(_LOAD, _ARGUMENT, "clone"),
        Step(_ANY_BIT, _NAMESPACES, then="deny", otherwise="allow"),
        Step(_LOAD, _ARGUMENT, "personality"),
        Step(_EQUAL, _LINUX, then="allow"),
        Step(_EQUAL, _ASK, then="allow", otherwise="deny"),
        Step(_LOAD, _ARGUMENT, "socket"),
        Step(_EQUAL, _AF_VSOCK, then="deny", otherwise="allow"),
        Step(_RETURN, _ALLOW, "allow"),
        Step(_RETURN, _ERRNO | errno.EPERM, "deny"),
        Step(_RETURN, _ERRNO | errno.ENOSYS, "unknown"),
    ]


def assembled(steps: Sequence[Step]) -> bytes:
    """Steps as `struct sock_filter`s (linux/filter.h)."""
    places = {step.label: at for at, step in enumerate(steps) if step.label}

    def distance(at: int, label: str) -> int:
        return places[label] - at - 1 if label else 0

    return b"".join(
        _INSTRUCTION.pack(
            step.code, distance(at, step.then), distance(at, step.otherwise), step.value
        )
        for at, step in enumerate(steps)
    )
