"""`headgate replay`: the least request of a finding once more."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from headgate.engines.choice import add_option, engine_named


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Tell the parser of the command."""
    replay = commands.add_parser(
        "replay",
        help="send the least request of a finding again, and say whether it still shows",
        description="Exits with 1 while the finding shows, with 0 when it does not, with 2 when "
        "that cannot be told.",
    )
    replay.add_argument("verdicts", type=Path, metavar="VERDICT.json")
    replay.add_argument("finding", metavar="FINDING", help="F1; of several candidates NAME/F1")
    replay.add_argument("--candidate", type=Path, metavar="DIR", help="send it to this one instead")
    replay.add_argument("--policy", type=Path, metavar="FILE", help="judge it by this one instead")
    add_option(replay)


def run(args: argparse.Namespace) -> int:
    """Carry it out; the exit status."""
    from headgate import resources
    from headgate.candidate import load_candidate
    from headgate.explain.replaying import GONE, SHOWS, recorded, replayed
    from headgate.gate.session import Session
    from headgate.policy import load_policy
    from headgate.reports.progress import Progress

    one = recorded(args.verdicts, args.finding)
    policy = load_policy(args.policy or Path(one.verdict["policy"]))
    defaults = resources.root() / "gateway_config" / "gateway.yaml"
    candidate = load_candidate(args.candidate or Path(one.verdict["candidate"]), defaults)
    with (
        Progress(sys.stderr) as progress,
        Session(
            policy, engine_named(args.engine), seed=one.verdict["seed"], progress=progress
        ) as session,
    ):
        session.expect(candidate)
        state = replayed(session.ground, candidate, one)
    said = {SHOWS: "still shows", GONE: "does not show any more"}
    print(f"{candidate.name}: {one.told} {said.get(state, 'may show or not: no answer tells')}")
    return {SHOWS: 1, GONE: 0}.get(state, 2)
