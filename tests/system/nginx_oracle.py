"""What nginx itself says of configs: many of them, in one container without a network."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.images import GATEWAY

LONGEST = 300.0

# Each case in turn is laid over a copy of the image's own /etc/nginx, in memory.
_SCRIPT = """
mkdir -p /tmp/cases /tmp/out && tar -C /tmp/cases -xf - && cp -aL /etc/nginx /tmp/out/image
rm -rf /etc/nginx && ln -s /tmp/now /etc/nginx
for case in /tmp/cases/*; do
    name=/tmp/out/${case##*/}
    rm -rf /tmp/now && cp -a /tmp/out/image /tmp/now && cp -a "$case/." /tmp/now/
    nginx -T >"$name.dump" 2>"$name.words" && : >"$name.accepted"
done
tar -C /tmp/out -cf - .
"""
_SAID = re.compile(r"\[emerg\].*?: (?P<what>.*?)(?: in (?P<file>/\S+):(?P<line>\d+))?$", re.M)


@dataclass(frozen=True)
class Opinion:
    """What nginx says of one config: `dump` is that of `nginx -T`, `what` is why it refuses."""

    accepted: bool
    dump: bytes
    what: str
    file: str
    line: int


@dataclass(frozen=True)
class Oracle:
    """The opinions, in the order of the cases, and the files of the image's /etc/nginx."""

    opinions: Sequence[Opinion]
    image: Mapping[str, bytes]


def ask(cases: Sequence[Mapping[str, bytes]]) -> Oracle:
    """Ask nginx of each case: files by their paths below /etc/nginx."""
    found = _unpacked(inside(("sh", "-c", _SCRIPT), _packed(cases)))
    opinions = [_opinion(found, f"{index:05}") for index in range(len(cases))]
    image = {
        f"/etc/nginx/{path.removeprefix('image/')}": data
        for path, data in found.items()
        if path.startswith("image/")
    }
    return Oracle(opinions, image)


def inside(command: Sequence[str], given: bytes) -> bytes:
    """What a command prints in the gateway image, without a network, when it is given this."""
    run = ["docker", "run", "--rm", "--interactive", "--network", "none", "--tmpfs", "/tmp"]
    done = subprocess.run(
        [*run, GATEWAY, *command], input=given, capture_output=True, check=True, timeout=LONGEST
    )
    return done.stdout


def _packed(cases: Sequence[Mapping[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for index, files in enumerate(cases):
            for path, data in files.items():
                entry = tarfile.TarInfo(f"{index:05}/{path}")
                entry.size, entry.mode = len(data), 0o644
                archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _unpacked(packed: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            if file := archive.extractfile(entry) if entry.isfile() else None:
                found[entry.name.removeprefix("./")] = file.read()
    return found


def _opinion(found: Mapping[str, bytes], name: str) -> Opinion:
    words = found[f"{name}.words"].decode("utf-8", "replace")
    said = _SAID.search(words)
    return Opinion(
        f"{name}.accepted" in found,
        found[f"{name}.dump"],
        said["what"] if said else words,
        (said and said["file"]) or "",
        int((said and said["line"]) or 0),
    )
