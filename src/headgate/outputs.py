"""What `headgate check` writes beside its words at the terminal, all of it from the record.

Every file is written before anything is judged, with the word that nothing was, and again at the
end. So what cannot be written is told at once, and no older verdict outlives a run that failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from headgate.errors import HeadgateError
from headgate.files import assert_room, write_whole
from headgate.reports.findings import Record
from headgate.verdict import NOT_JUDGED, Verdict, as_json

if TYPE_CHECKING:
    from headgate.bundle.signing import Signer
    from headgate.gate.keeping import Keeper, Kept

Judged = tuple[Record, "Kept | None"]


def _json(judged: Sequence[Judged], base: Path) -> bytes:
    return _dumped({"candidates": [record for record, _ in judged]})


def _sarif(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.sarif import sarif

    return _dumped(sarif([record for record, _ in judged], base))


def _markdown(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.markdown import markdown

    return markdown([record for record, _ in judged]).encode()


def _junit(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.junit import junit

    return junit((record, _written(kept)) for record, kept in judged)


def _codequality(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.codequality import codequality

    return _dumped(codequality([record for record, _ in judged], base))


def _dumped(told: Any) -> bytes:
    return json.dumps(told, indent=2).encode() + b"\n"


def _written(kept: Kept | None) -> bytes | None:
    return kept.junit.read_bytes() if kept and kept.junit.exists() else None


@dataclass(frozen=True)
class Format:
    """A file that a run may write: the option that names it, what it is in a bundle, and how it is
    made from records and what was kept of their runs; paths in it are relative to a folder."""

    option: str
    name: str
    help: str
    made: Callable[[Sequence[Judged], Path], bytes]


FORMATS = (
    Format("json", "", "write the verdicts there", _json),
    Format("sarif", "verdict.sarif", "write SARIF 2.1.0 there, for code hosts", _sarif),
    Format("markdown", "verdict.md", "write a summary for a merge request there", _markdown),
    Format("junit", "junit.xml", "write JUnit's XML there, a test a scenario", _junit),
    Format("codequality", "codequality.json", "write GitLab's code quality report there",
           _codequality),
)  # fmt: skip


def add_options(check: argparse.ArgumentParser) -> None:
    for one in FORMATS:
        check.add_argument(f"--{one.option}", type=Path, metavar="FILE", help=one.help)
    check.add_argument(
        "--github", action="store_true", help="print findings as GitHub's annotations too"
    )
    check.add_argument(
        "--bundle", type=Path, metavar="FILE",
        help="put all the evidence into one archive; of several candidates, into one each",
    )  # fmt: skip
    check.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the bundle with this Ed25519 key of ssh"
    )


class Outputs:
    """What one call of `check` was asked to write, and a folder for what it keeps meanwhile."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._candidates: Sequence[Path] = args.candidates
        self._features: Sequence[Path] = args.features
        self._policy: Path = args.policy
        self._github: bool = args.github
        self._paths = {one: getattr(args, one.option) for one in FORMATS}
        self._bundle: Path | None = args.bundle
        self._key: Path | None = args.sign
        self._signer: Signer | None = None
        self._keeper: Keeper | None = None
        self._policy_bytes = b""
        self._base = Path.cwd()
        self._judged: list[Judged] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._write()
        if self._key and not self._bundle:
            raise HeadgateError("--sign signs a bundle: name one with --bundle FILE")
        if self._bundle:
            self._prepare(self._bundle)
        if self._bundle or self._paths[_JUNIT]:
            from headgate.gate.keeping import Keeper

            prefix = tempfile.TemporaryDirectory(prefix="headgate")
            self._keeper = Keeper(Path(self._stack.enter_context(prefix)), raw=bool(self._bundle))
        return self

    def _prepare(self, bundle: Path) -> None:
        from headgate.gate.keeping import MOST_CAPTURED, MOST_EXCHANGED

        with contextlib.suppress(OSError):  # that it cannot be read is told by who reads it
            self._policy_bytes = self._policy.read_bytes()
        if self._key:
            from headgate.bundle.signing import Signer

            self._signer = Signer(self._key)
        for path in bundle_paths(bundle, self._candidates):
            write_whole(path, b"")
            path.unlink(missing_ok=True)
        most = MOST_CAPTURED + MOST_EXCHANGED
        assert_room(bundle.resolve().parent, most * len(self._candidates), "what is bundled")
        assert_room(Path(tempfile.gettempdir()), most, "the evidence of a run")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            self._write()

    @property
    def onlookers(self) -> Sequence[object]:
        """The plugins of pytest's that look on for them."""
        return [self._keeper] if self._keeper else []

    def add(self, verdict: Verdict) -> None:
        """Take one candidate's verdict, and what was kept of its run."""
        (record,) = as_json([verdict])["candidates"]
        kept = self._keeper.take() if self._keeper else None
        self._judged.append((record, kept))
        if self._github:
            from headgate.reports.github import workflow_commands

            print(*workflow_commands(record, self._base), sep="\n", flush=True)
        if self._bundle:
            at = len(self._judged) - 1
            self._pack(bundle_paths(self._bundle, self._candidates)[at], record, kept)

    def _pack(self, path: Path, record: Record, kept: Kept | None) -> None:
        from headgate.bundle.archive import write
        from headgate.bundle.gathering import gathered
        from headgate.bundle.packing import members_of

        report = {one.name: one.made([(record, kept)], self._base) for one in FORMATS if one.name}
        evidence = gathered(record, kept, self._policy_bytes, self._features, report)
        members = members_of(evidence, self._signer)
        write_whole(path, lambda file: write(file, members))

    def _write(self) -> None:
        """Write all reports, with those of candidates that were not come to among them."""
        left = [
            Verdict(
                str(candidate), "", NOT_JUDGED, "the run ended before this candidate was judged"
            )
            for candidate in self._candidates[len(self._judged) :]
        ]
        judged = [*self._judged, *((record, None) for record in as_json(left)["candidates"])]
        for one, path in self._paths.items():
            if path:
                write_whole(path, one.made(judged, self._base))


(_JUNIT,) = (one for one in FORMATS if one.option == "junit")


def bundle_paths(bundle: Path, candidates: Sequence[Path]) -> Sequence[Path]:
    """A bundle tells of one candidate, as a release does: of several each gets one of its own,
    with its place in the call and its folder's name before the ending."""
    if len(candidates) == 1:
        return [bundle]
    names = [f"{at}-{path.resolve().name}" for at, path in enumerate(candidates, 1)]
    return [bundle.with_name(f"{bundle.stem}.{name}{bundle.suffix}") for name in names]
