"""Gathering what a bundle is made of, from where a run has left it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from headgate import __version__, resources
from headgate.bundle import layout
from headgate.bundle.packing import Contents
from headgate.gate.keeping import Kept
from headgate.reports.findings import Plain


def gathered(
    record: Plain,
    kept: Kept | None,
    policy: bytes,
    features: Sequence[Path],
    report: Mapping[str, bytes],
) -> Contents:
    """The evidence of one run. Without what was kept of it, the candidate was never started."""
    if kept is None:
        return Contents(record, None, policy, report=report, missing=["It was not run."])
    raw: dict[str, bytes | Path] = {layout.REPEAT: _repeat(record, features), **dict(_raw(kept))}
    return Contents(
        record,
        kept.candidate,
        kept.policy,
        kept.settings,
        dict(_features(features)),
        report,
        {name.removeprefix(layout.RAW): content for name, content in raw.items()},
        list(_missing(kept)),
    )


def _raw(kept: Kept) -> Iterator[tuple[str, Path]]:
    for name, paths in ((layout.CAPTURE, kept.captures), (layout.EXCHANGES, kept.exchanges)):
        yield from zip(layout.numbered(name), paths, strict=False)


def _missing(kept: Kept) -> Iterator[str]:
    if not kept.captures:
        yield "There is no capture: the gateway did not start."
    if not kept.exchanges:
        yield "There are no exchanges: the gateway did not start."
    yield from kept.missing


def _repeat(record: Plain, features: Sequence[Path]) -> bytes:
    """What repeats the run, in the folder that the bundle is unpacked to."""
    command = ["headgate", "check", layout.CANDIDATE.rstrip("/"), "--policy", layout.POLICY]
    command += ["--seed", record["verdict"]["seed"]]
    for at, _ in enumerate(features, 1):
        command += ["--features", f"{layout.FEATURES}{_own(at)}"]
    told = {"headgate": __version__, "seed": record["verdict"]["seed"], "command": command}
    return (
        json.dumps({**told, "environment": record["verdict"]["environment"]}, indent=2).encode()
        + b"\n"
    )


def _features(own: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Headgate's own, and those of each folder that was named beside them."""
    folders = {"headgate": resources.root() / "features"}
    folders |= {_own(at): path for at, path in enumerate(own, 1)}
    for name, folder in folders.items():
        for path in sorted(folder.rglob("*.feature")):
            if path.is_file():
                yield f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _own(at: int) -> str:
    return f"own-{at}"
