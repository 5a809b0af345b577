"""Debian packages in a folder of their own, without root and without installing them.

What a benchmark compares with may not be installed beside what it measures: Debian's wrk wants
another LuaJIT than nginx's Lua module.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "benchmarks"


def unpacked(name: str, *packages: str) -> Path:
    """A root that holds these packages; made once."""
    root = CACHE / name
    if not root.exists():
        archives = CACHE / f"{name}.debs"
        archives.mkdir(parents=True, exist_ok=True)
        download = ["apt-get", "--quiet", "--quiet", "download", *packages]
        subprocess.run(download, cwd=archives, check=True, capture_output=True)
        for archive in sorted(archives.glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True)
    return root


def environment(root: Path) -> Mapping[str, str]:
    """What a program of such a root needs to find its libraries."""
    folders = {path.parent for path in root.rglob("*.so*")}
    paths = [f"{root}/usr/bin", f"{root}/usr/sbin", os.environ["PATH"]]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, sorted(folders))),
        "PATH": os.pathsep.join(paths),
    }
