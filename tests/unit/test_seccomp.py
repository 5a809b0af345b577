"""A cage is denied what Docker denies it: by the program as the kernel reads it, and for real."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from headgate.engines.sandbox import seccomp

SOURCE = Path(seccomp.__file__).parents[3]
ALLOWED = 0x7FFF0000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
NEW_USER = 0x10000000
X32 = 0x40000000

# Numbers as `uname -m` has them, by name: what nginx and Lua live on.
HARMLESS = {
    "x86_64": {"read": 0, "clone": 56, "execve": 59, "accept4": 288, "setuid": 105, "socket": 41},
    "aarch64": {"read": 63, "clone": 220, "execve": 221, "accept4": 242, "setuid": 146},
}


def outcome(machine: str, number: int, argument: int = 0, architecture: int | None = None) -> int:
    """What the filter says of a call: an interpreter of classic BPF, as far as the filter goes."""
    known = seccomp.ARCHITECTURES[machine]
    data = struct.pack("<IIQQ", number, architecture or known, 0, argument)
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    at = value = 0
    while True:
        code, then, otherwise, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, operand)
            case 0x06:
                return int(operand)
            case _:
                met = {
                    0x15: value == operand,
                    0x25: value > operand,
                    0x35: value >= operand,
                    0x45: bool(value & operand),
                }[code]
                at += then if met else otherwise


def refused(number: int) -> int:
    return 0x00050000 | number


MACHINES = pytest.mark.parametrize("machine", list(seccomp.ARCHITECTURES))


@MACHINES
def test_each_denied_call_is_denied(machine: str) -> None:
    column = list(seccomp.ARCHITECTURES).index(machine)
    numbers = {name: row[column] for name, row in seccomp.DENIED.items() if row[column] is not None}
    assert len(numbers) > 55
    wrong = [name for name, one in numbers.items() if outcome(machine, one or 0) != refused(1)]
    assert wrong == []


@MACHINES
def test_what_a_gateway_lives_on_is_allowed(machine: str) -> None:
    told = {name: outcome(machine, number) for name, number in HARMLESS[machine].items()}
    assert set(told.values()) == {ALLOWED}


@MACHINES
def test_a_child_is_allowed_and_a_namespace_is_not(machine: str) -> None:
    clone = HARMLESS[machine]["clone"]
    assert outcome(machine, clone, 0x01200011) == ALLOWED  # as fork(3) of glibc asks
    assert outcome(machine, clone, NEW_USER | 17) == refused(errno.EPERM)
    assert outcome(machine, 435, 0) == refused(errno.ENOSYS)  # clone3, whose flags are in memory


@MACHINES
def test_a_call_that_is_newer_than_the_list_is_not_there(machine: str) -> None:
    assert outcome(machine, seccomp.NEWEST) != refused(errno.ENOSYS)
    assert outcome(machine, seccomp.NEWEST + 1) == refused(errno.ENOSYS)


@MACHINES
def test_another_architecture_is_no_way_round(machine: str) -> None:
    assert outcome(machine, 0, architecture=0x40000003) == refused(errno.EPERM)  # i386
    assert outcome(machine, X32 | 272) == refused(errno.EPERM)


@pytest.mark.parametrize(("persona", "said"), [(0, ALLOWED), (0xFFFFFFFF, ALLOWED), (8, None)])
def test_only_linux_own_personality_is_allowed(persona: int, said: int | None) -> None:
    assert outcome("x86_64", 135, persona) == (said or refused(errno.EPERM))


def test_a_machine_that_is_not_known_gets_no_filter() -> None:
    with pytest.raises(KeyError):
        seccomp.program("riscv64")


@MACHINES
def test_every_label_is_within_a_jump(machine: str) -> None:
    assert len(seccomp.program(machine)) // 8 < 255


# For real: a process without capabilities, behind the filter, calls by number.
CALLING = """
import ctypes, errno, json, os, sys
sys.path.insert(0, sys.argv[1])
from headgate.engines.sandbox import kernel, seccomp
libc = ctypes.CDLL(None, use_errno=True)
kernel.keep_capabilities(())
kernel.filter_calls(seccomp.program(os.uname().machine))
told = {}
for name, number in json.loads(sys.argv[2]).items():
    ctypes.set_errno(0)
    result = libc.syscall(number, *map(ctypes.c_long, (NEW, 0, 0, 0, 0, 0)))
    told[name] = errno.errorcode.get(ctypes.get_errno(), "") if result < 0 else "done"
told["read-only memory"] = "done" if os.getpid() else ""
print(json.dumps(told))
""".replace("NEW", str(NEW_USER))


def called(numbers: Mapping[str, int]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-IS", "-c", CALLING, str(SOURCE), json.dumps(numbers)],
        capture_output=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def test_the_kernel_refuses_what_the_filter_denies() -> None:
    column = list(seccomp.ARCHITECTURES).index(os.uname().machine)
    names = (
        "unshare", "mount", "umount2", "pivot_root", "setns", "keyctl", "add_key", "ptrace", "bpf",
        "userfaultfd", "kexec_load", "perf_event_open", "open_by_handle_at", "io_uring_setup",
        "process_vm_readv", "init_module", "reboot", "chroot", "fsopen", "open_tree",
    )  # fmt: skip
    numbers = {name: seccomp.DENIED[name][column] or 0 for name in names}
    told = called({**numbers, "the next one": seccomp.NEWEST + 1})
    assert told.pop("the next one") == "ENOSYS"
    assert told.pop("read-only memory") == "done"
    assert told == dict.fromkeys(names, "EPERM")


@pytest.mark.parametrize("machine", [one for one, path in HEADERS.items() if path.exists()])
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    column = list(seccomp.ARCHITECTURES).index(machine)
    words = [line.split() for line in HEADERS[machine].read_text().splitlines()]
    found = {
        line[1].removeprefix("__NR3264_").removeprefix("__NR_"): int(line[2])
        for line in words
        if len(line) == 3 and line[0] == "#define" and line[2].isdigit()
    }
    ours = {name: row[column] for name, row in seccomp.DENIED.items()}
    assert {name: found.get(name) for name in ours} == ours
