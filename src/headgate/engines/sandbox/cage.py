"""What is around a process of the session: the root file system it sees, and what it may do."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.engines.sandbox import kernel, seccomp
from headgate.engines.sandbox.furniture import INERT, furnish_devices

# Where the root of a cage is put together; each does it in a mount namespace of its own.
_PLACE = "/run/cage"
_GIVEN = "/run/given"

# What Docker masks of /proc and /sys, and what it makes read-only.
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
    "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

# Processes of the session that count against the limit of its user beside those of the cage; to the
# number itself the warden holds it.
_OTHERS = 64

# As Docker has it in a container: nginx needs no capability to bind a low port, nor to ping.
_SETTINGS = {"ip_forward": "1", "ip_unprivileged_port_start": "0", "ping_group_range": "0 65535"}


@dataclass(frozen=True)
class Plan:
    """A cage as the harness asks for it: sizes in bytes, `writable` are directories and their
    modes."""

    root: str
    writable: Mapping[str, str]
    environment: dict[str, str]
    capabilities: Sequence[str]
    files: dict[str, str]
    memory: int
    processes: int
    file_size: int
    writable_size: int


def furnish(plan: Plan) -> None:
    """Make the plan's root the root, read-only, with memory file systems where it is written to."""
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    os.makedirs(_PLACE, exist_ok=True)
    kernel.bind(plan.root, _PLACE, kernel.MS_NOSUID | kernel.MS_NODEV)
    for path in ("/proc", "/sys", "/dev", *plan.writable):
        os.makedirs(_PLACE + path, exist_ok=True)
    _write_over(plan.files)
    kernel.mount("", _PLACE, flags=kernel.MS_REMOUNT | kernel.MS_BIND | _READ_ONLY_ROOT)
    kernel.mount("proc", f"{_PLACE}/proc", "proc", INERT)
    kernel.mount("sysfs", f"{_PLACE}/sys", "sysfs", INERT | kernel.MS_RDONLY)
    furnish_devices(f"{_PLACE}/dev", "/dev")
    for path, mode in plan.writable.items():
        options = f"size={plan.writable_size},mode={mode}"
        kernel.mount("tmpfs", _PLACE + path, "tmpfs", INERT, options)
    _set_network()
    for path in filter(os.path.exists, (_PLACE + path for path in _MASKED)):
        _mask(path)
    for path in filter(os.path.exists, (_PLACE + path for path in _READ_ONLY)):
        kernel.bind(path, path, INERT | kernel.MS_RDONLY)
    kernel.change_root(_PLACE)


_READ_ONLY_ROOT = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV


def _write_over(files: dict[str, str]) -> None:
    """Files that a container is given by its engine, over what the image has in their place."""
    os.makedirs(_GIVEN, exist_ok=True)
    kernel.mount("tmpfs", _GIVEN, "tmpfs", INERT, "size=64k,mode=755")
    for number, (path, text) in enumerate(files.items()):
        own = f"{_GIVEN}/{number}"
        Path(own).write_text(text)
        target = Path(_PLACE + path)
        if not target.exists():
            target.touch()
        kernel.bind(own, str(target), _READ_ONLY_ROOT)


def _set_network() -> None:
    for name, value in _SETTINGS.items():
        Path(f"{_PLACE}/proc/sys/net/ipv4/{name}").write_text(value)


def _mask(path: str) -> None:
    if os.path.isdir(path):
        kernel.mount("tmpfs", path, "tmpfs", INERT | kernel.MS_RDONLY, "size=0k")
    else:
        kernel.bind("/dev/null", path, kernel.MS_RDONLY)


def confine(plan: Plan) -> None:
    """Keep the plan's capabilities and limits from here on, and nothing else."""
    for kind, limit in (
        (resource.RLIMIT_FSIZE, plan.file_size),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, 2 * plan.memory),
        (resource.RLIMIT_NPROC, plan.processes + _OTHERS),
    ):
        resource.setrlimit(kind, (limit, limit))
    kernel.keep_capabilities(plan.capabilities)
    kernel.filter_calls(seccomp.program(os.uname().machine))
