"""What every root of the session is furnished with."""

from __future__ import annotations

import os

from headgate.engines.sandbox import kernel

INERT = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def furnish_devices(target: str, source: str) -> None:
    """A /dev with the devices that lead nowhere. A user namespace makes none: they are the
    machine's own."""
    kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID | kernel.MS_NOEXEC, "size=64k,mode=755")
    for name in _DEVICES:
        with open(f"{target}/{name}", "x"):
            pass
        kernel.bind(f"{source}/{name}", f"{target}/{name}")
    for name, link in _LINKS.items():
        os.symlink(link, f"{target}/{name}")
    os.mkdir(f"{target}/shm")
    kernel.mount("tmpfs", f"{target}/shm", "tmpfs", INERT, "size=64m,mode=1777")
