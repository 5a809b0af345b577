"""Bundles of small candidates, made and signed as `headgate check` makes them, without a lab."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate import resources
from headgate.bundle.archive import Member, write
from headgate.bundle.packing import Contents, members_of
from headgate.bundle.signing import NAMESPACE, Signer
from headgate.candidate import load_candidate
from headgate.record import record_of
from headgate.verdict import APPROVED, Finding, Verdict

POLICY = b"identifier: {header: x-up-calling-line-id, value: '{msisdn}'}\n"

LEAK = Finding(
    kind="leak",
    rule=2,
    site="shop.example",
    address="198.19.3.7",
    subscriber="+447700900***",
    form="digits, international",
    where="header x-up-calling-line-id",
    request="ordinary/abc123def456",
    count=12,
    sample="…x-up-calling-line-id: 447700900***\\r\\n",
)


def verdict_of(
    word: str = APPROVED, *findings: Finding, candidate: str = "candidate", **more: Any
) -> Verdict:
    told = {"digest": "sha256:" + "0" * 64, "reason": "the reason", "requests": 500, "seed": "5eed"}
    return Verdict(candidate, verdict=word, findings=findings, **{**told, **more})


def plain_of(word: str = APPROVED, *findings: Finding, **more: Any) -> dict[str, Any]:
    """The plain record of such a verdict."""
    return record_of(verdict_of(word, *findings, **more)).as_plain()


def ssh_key(folder: Path, name: str = "key", kind: str = "ed25519", passphrase: str = "") -> Path:
    path = folder / name
    argv: list[str | Path] = [
        "ssh-keygen",
        "-q",
        "-t",
        kind,
        "-N",
        passphrase,
        "-C",
        name,
        "-f",
        path,
    ]
    subprocess.run(argv, check=True)
    return path


def allowed_signers(key: Path, who: str = "ci@carrier.example", options: str = "") -> Path:
    """A file that allows the holder of this key to sign evidence, as docs/evidence.md has it."""
    words = key.with_suffix(".pub").read_text().split()
    options = options or f'namespaces="{NAMESPACE}"'
    path = key.with_name(f"{key.name}.allowed")
    path.write_text(f"{who} {options} {words[0]} {words[1]}\n")
    return path


def small_candidate(folder: Path, name: str = "candidate") -> Path:
    path = folder / name
    (path / "conf.d").mkdir(parents=True)
    (path / "nginx.conf").write_text("events {}\ninclude conf.d/*.conf;\n")
    (path / "conf.d" / "sites.conf").write_text("# sites\n")
    (path / "hook.sh").write_text("#!/bin/sh\n")
    (path / "hook.sh").chmod(0o755)
    (path / "enabled.conf").symlink_to("conf.d/sites.conf")
    (path / "gateway.yaml").write_text("ports: {proxy: 8080, transparent: null}\n")
    return path


@dataclass
class Bench:
    """A folder with a candidate, a key and who may sign; makes bundles of them."""

    folder: Path
    candidate: Path
    key: Path
    allowed: Path

    def contents(self, word: str = APPROVED, **more: Any) -> Contents:
        loaded = load_candidate(self.candidate, resources.root() / "gateway_config/gateway.yaml")
        record = plain_of(word, candidate=str(self.candidate), digest=loaded.digest, **more)
        return Contents(
            record,
            loaded,
            POLICY,
            (self.candidate / "gateway.yaml").read_bytes(),
            {"headgate/ours.feature": b"Feature: Ours\n"},
            {"verdict.md": b"# approved\n"},
            {"capture.pcap.gz": b"\x1f\x8b", "repeat.json": b"{}\n"},
        )

    def members(self, word: str = APPROVED, *, signed: bool = True) -> dict[str, Member]:
        return members_of(self.contents(word), Signer(self.key) if signed else None)

    def bundle(self, word: str = APPROVED, *, signed: bool = True) -> Path:
        return self.write(self.members(word, signed=signed))

    def write(self, members: Mapping[str, Member], name: str = "bundle.tar") -> Path:
        path = self.folder / name
        with path.open("wb") as file:
            write(file, members)
        return path

    def deployed(self, change: Callable[[Path], object] = lambda path: None) -> Path:
        """A copy of the candidate, as it is about to be deployed, with a change."""
        path = self.folder / "deployed"
        shutil.copytree(self.candidate, path, symlinks=True)
        change(path)
        return path


def bench_in(folder: Path) -> Bench:
    key = ssh_key(folder)
    return Bench(folder, small_candidate(folder), key, allowed_signers(key))
