"""What this machine lacks for the sandbox: whether the kernel lets this user have namespaces, and
which setting forbids them; the ids and the tools that it takes; the root file systems."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from headgate import images
from headgate.doctor import Check
from headgate.engines.sandbox import ids, launch, roots
from headgate.errors import HeadgateError

# Settings that forbid an ordinary user its namespaces, the value that does so, and one that does
# not: of every kernel, of Debian's, and of Ubuntu's with AppArmor.
_FORBIDDING = {
    "user/max_user_namespaces": ("0", "15000"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
}
_CONTAINED = (
    "start the container that this is in with --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)


def examine() -> Iterator[Check]:
    for look in (mapping, namespaces, root_file_systems):
        try:
            yield look()
        except HeadgateError as error:
            yield Check(look.__name__.replace("_", " "), "fail", str(error))


def mapping() -> Check:
    """Whether there are ids for the gateway's users."""
    try:
        ids.maps()
    except ids.NoIdsError as error:
        return Check("ids", "fail", error.what, error.mend)
    whose = "root has them all" if os.geteuid() == 0 else "newuidmap and subordinate ids are there"
    return Check("ids", "ok", whose)


def namespaces() -> Check:
    """Whether this user may have namespaces, tried for real."""
    try:
        launch.attempt()
    except ids.NoIdsError:
        return Check("namespaces", "warn", "not tried: there are no ids to map")
    except HeadgateError as error:
        return forbidden(str(error), settings(), is_filtered(Path("/proc/self/status").read_text()))
    return Check("namespaces", "ok", "this user may have namespaces of all kinds")


def settings() -> Mapping[str, str]:
    """Those of the settings that this kernel has."""
    found = {name: Path("/proc/sys", name) for name in _FORBIDDING}
    return {name: path.read_text().strip() for name, path in found.items() if path.exists()}


def is_filtered(status: str) -> bool:
    """Whether a process has a seccomp filter already, by its /proc/PID/status (proc(5))."""
    return "\nSeccomp:\t2" in status


def forbidden(said: str, settings: Mapping[str, str], filtered: bool) -> Check:
    """Why there are no namespaces: the setting that forbids them, or a container around us."""
    for name, (bad, good) in _FORBIDDING.items():
        if settings.get(name) == bad:
            key = name.replace("/", ".")
            return Check("namespaces", "fail", f"{key} is {bad}", f"sudo sysctl -w {key}={good}")
    if filtered:
        detail = f"forbidden by the seccomp filter of a container around this process: {said}"
        return Check("namespaces", "fail", detail, _CONTAINED)
    return Check("namespaces", "fail", said, _CONTAINED)


def root_file_systems() -> Check:
    """The roots of the lab's images, and what makes them."""
    if not (missing := roots.missing()):
        return Check("roots", "ok", f"both are in {roots.cache()}")
    detail = f"not in {roots.cache()} yet: {', '.join(missing)}; the first check makes them"
    mend = f"{sys.executable} -m headgate.engines.sandbox.roots"
    if images.can_bootstrap():
        return Check("roots", "ok", detail)
    return Check(
        "roots", "warn", detail, f"{mend}, with a Docker engine or: apt-get install mmdebstrap"
    )
