"""`headgate blame`: which changes turned an approved config into a rejected one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.engines.choice import add_option, engine_named

if TYPE_CHECKING:
    from headgate.candidate import Candidate
    from headgate.explain.blaming import Blame


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Tell the parser of the command."""
    blame = commands.add_parser(
        "blame",
        help="show the fewest changes that a finding is owed to",
        description="Exits with 1 when changes were found, with 0 when CANDIDATE is approved, "
        "with 2 when it cannot be told, as where RELEASED is rejected itself.",
    )
    blame.add_argument("released", type=Path, metavar="RELEASED")
    blame.add_argument("candidate", type=Path, metavar="CANDIDATE")
    blame.add_argument("--policy", type=Path, required=True, metavar="FILE")
    blame.add_argument("--seed", help="repeat the run that had this seed")
    add_option(blame)


def run(args: argparse.Namespace) -> int:
    """Carry it out; the exit status."""
    from headgate import resources
    from headgate.candidate import load_candidate
    from headgate.explain.blaming import blame
    from headgate.gate.session import Session
    from headgate.policy import load_policy
    from headgate.reports.progress import Progress

    defaults = resources.root() / "gateway_config" / "gateway.yaml"
    policy = load_policy(args.policy)
    released = load_candidate(args.released, defaults)
    candidate = load_candidate(args.candidate, defaults)
    with (
        Progress(sys.stderr) as progress,
        Session(policy, engine_named(args.engine), seed=args.seed, progress=progress) as session,
    ):
        session.expect(candidate)
        found = blame(session, released, candidate)
        progress.clear()
        for line in _lines(found, released, candidate):
            print(line)
    return _exit(found)


def _exit(found: Blame) -> int:
    return found.verdict.exit if found.hunks or not found.verdict.findings else 2


def _lines(found: Blame, released: Candidate, candidate: Candidate) -> Iterator[str]:
    from headgate.explain.hunks import hunks, unified

    verdict = found.verdict
    if found.why:
        yield f"{candidate.name}: {verdict.verdict}: {verdict.reason}"
        yield f"no change is to blame: {found.why}"
    elif not found.hunks:
        yield f"{candidate.name}: {verdict.verdict}: {verdict.reason}"
        yield "there is nothing to blame a change for"
    else:
        (finding,) = (one for one in verdict.findings if one.id == found.finding)
        count = len(hunks(released.files, candidate.files))
        yield f"{finding.kind}: {finding.where} at {finding.site}"
        yield f"owed to {len(found.hunks)} of {count} changes, found in {found.starts} starts:"
        yield ""
        yield from unified(released.files, found.hunks, released.name, candidate.name)
