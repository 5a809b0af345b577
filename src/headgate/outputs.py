"""What `headgate check` writes beside its words at the terminal, all of it from the record.

Every file is written before anything is judged, with the word that nothing was, and again at the
end. So what cannot be written is told at once, and no older verdict outlives a run that failed.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from headgate.errors import HeadgateError
from headgate.files import assert_room, write_whole

if TYPE_CHECKING:
    from headgate.bundle.signing import Signer
    from headgate.gate.keeping import Kept
    from headgate.gate.terms import Keeping
    from headgate.reports.findings import Plain
    from headgate.verdict import Verdict

    Judged = tuple[Plain, Kept | None]


def _sarif(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.sarif import sarif

    return _dumped(sarif([record for record, _ in judged], base))


def _markdown(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.markdown import markdown

    return markdown([record for record, _ in judged]).encode()


def _junit(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.junit import junit

    return junit((record, kept.junit if kept else None) for record, kept in judged)


def _codequality(judged: Sequence[Judged], base: Path) -> bytes:
    from headgate.reports.codequality import codequality

    return _dumped(codequality([record for record, _ in judged], base))


def _dumped(told: Any) -> bytes:
    import json

    return json.dumps(told, indent=2).encode() + b"\n"


# For one candidate, bytes: several times what a usual run leaves.
_ROOM = 48 << 20


@dataclass(frozen=True)
class Format:
    """A file that a run may write: the option that names it, what it is in a bundle, and how it is
    made from records and what was kept of their runs; paths in it are relative to a folder."""

    option: str
    name: str
    help: str
    made: Callable[[Sequence[Judged], Path], bytes]


FORMATS = (
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
        "--report", type=Path, metavar="DIR", help="write a report for people into this folder"
    )
    check.add_argument(
        "--reveal", action="store_true", help="show the lab's numbers unmasked, wherever they show"
    )
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
    """What one call of `check` was asked to write, and a folder for what runs keep meanwhile.
    `candidates` are those of a shard, where it judges no others."""

    def __init__(self, args: argparse.Namespace, candidates: Sequence[Path] | None = None) -> None:
        self._candidates: Sequence[Path] = args.candidates if candidates is None else candidates
        self._features: Sequence[Path] = args.features
        self._policy: Path = args.policy
        self._github: bool = args.github
        self._report: Path | None = args.report
        self._revealed: bool = args.reveal
        self._paths = {one: getattr(args, one.option) for one in FORMATS}
        self._bundle: Path | None = args.bundle
        self._key: Path | None = args.sign
        self._signer: Signer | None = None
        self._base = Path.cwd()
        self._judged: dict[int, Verdict] = {}
        self._told: dict[int, Plain] = {}
        self._pages: tuple[Sequence[Verdict], Mapping[str, str]] = ((), {})
        self._stack = contextlib.ExitStack()
        self.keeping: Keeping | None = None

    def __enter__(self) -> Self:
        self._write()
        if self._key and not self._bundle:
            raise HeadgateError("--sign signs a bundle: name one with --bundle FILE")
        if self._report:
            from headgate.reports import folder

            folder.clear(self._report)
        if self._bundle:
            self._prepare(self._bundle)
        if self._bundle or self._paths[_JUNIT]:
            from headgate.gate.terms import Keeping

            kept = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="headgate"))
            self.keeping = Keeping(Path(kept), raw=bool(self._bundle))
        return self

    def _prepare(self, bundle: Path) -> None:
        if self._revealed:
            raise HeadgateError("a bundle shows numbers in its raw evidence alone: no --reveal")
        if self._key:
            from headgate.bundle.signing import Signer

            self._signer = Signer(self._key)
        for path in bundle_paths(bundle, self._candidates):
            write_whole(path, b"")
            path.unlink()
        assert_room(bundle.resolve().parent, _ROOM * len(self._candidates), "what is bundled")
        assert_room(Path(tempfile.gettempdir()), _ROOM, "the evidence of a run")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            self._write()
            if self._report and (self._judged or error is None):
                self._write_report(self._report)

    def add(self, at: int, verdict: Verdict) -> None:
        """Take the verdict on the candidate in this place, and what was kept of its run."""
        self._judged[at] = verdict
        self._told[at] = _plain(verdict)
        if self._github:
            from headgate.reports.github import workflow_commands

            for line in workflow_commands(self._told[at], self._base):
                print(line, flush=True)
        if self._bundle:
            self._pack(bundle_paths(self._bundle, self._candidates)[at], self._told[at], verdict)

    def _pack(self, path: Path, told: Plain, verdict: Verdict) -> None:
        from headgate.bundle.archive import write
        from headgate.bundle.gathering import gathered
        from headgate.bundle.packing import members_of

        judged = [(told, verdict.kept)]
        report = {one.name: one.made(judged, self._base) for one in FORMATS}
        report |= {name: page.encode() for name, page in self._paged([verdict]).items()}
        policy = self._policy.read_bytes()
        contents = gathered(*judged[0], policy, self._features, report)
        members = members_of(contents, self._signer)
        write_whole(path, lambda file: write(file, members))

    def _write(self) -> None:
        """Write all files."""
        judged = [
            (self._told.get(at) or _plain(one), one.kept) for at, one in enumerate(self._verdicts())
        ]
        for one, path in self._paths.items():
            if path:
                write_whole(path, one.made(judged, self._base))

    def _write_report(self, report: Path) -> None:
        from headgate.record import record_of
        from headgate.reports import folder

        verdicts = self._verdicts()
        folder.write(report, [record_of(one) for one in verdicts], self._paged(verdicts))

    def _paged(self, verdicts: Sequence[Verdict]) -> Mapping[str, str]:
        """The report's pages on these; of a single candidate they go into its bundle too."""
        from headgate.record import record_of
        from headgate.reports.pages import pages

        before, made = self._pages
        if [*map(id, before)] != [*map(id, verdicts)]:
            made = pages([record_of(one) for one in verdicts])
            self._pages = verdicts, made
        return made

    def _verdicts(self) -> Sequence[Verdict]:
        """All verdicts, those of candidates that were not come to among them."""
        left = enumerate(self._candidates)
        return [self._judged.get(at) or _unjudged(path) for at, path in left]


def _unjudged(candidate: Path) -> Verdict:
    from headgate.verdict import NOT_JUDGED, Verdict

    reason = "the run ended before this candidate was judged"
    return Verdict(str(candidate), "", NOT_JUDGED, reason)


(_JUNIT,) = (one for one in FORMATS if one.option == "junit")


def _plain(verdict: Verdict) -> Plain:
    from headgate.record import record_of

    return record_of(verdict).as_plain()


def bundle_paths(bundle: Path, candidates: Sequence[Path]) -> Sequence[Path]:
    """A bundle tells of one candidate, as a release does: of several each gets one of its own,
    with its place in the call and its folder's name before the ending."""
    if len(candidates) == 1:
        return [bundle]
    names = [f"{at}-{path.resolve().name}" for at, path in enumerate(candidates, 1)]
    return [bundle.with_name(f"{bundle.stem}.{name}{bundle.suffix}") for name in names]
