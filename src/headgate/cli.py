"""The `headgate` command. Exits are the contract's: 0 approved, 1 rejected, 2 not judged."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import __version__, interruptions
from headgate.engines.choice import ENGINES, VARIABLE
from headgate.errors import HeadgateError
from headgate.numbers import mask_numbers

if TYPE_CHECKING:
    from headgate.gate.selftest import Judged, Specimen
    from headgate.verdict import Verdict

_ABOUT = """\
Headgate judges a carrier gateway's config before it is deployed.

It starts the real gateway in a cage with each candidate config, sends requests from simulated
handsets to permitted and ordinary sites, looks at what truly arrived, and says:

  approved    (exit 0)  every rule of the policy held, and each control would have shown a breach
  rejected    (exit 1)  a rule was broken: the findings say which, where, with evidence
  not-judged  (exit 2)  the candidate does not load or serve, or the lab failed; never an approval
"""

_EXAMPLES = """\
examples:
  headgate check gateway_config/released --policy gateway_config/policy.yaml
  headgate check candidates/* --policy policy.yaml --json verdict.json
  headgate check candidate --policy policy.yaml --features our/features
  headgate doctor

A candidate is a directory with an nginx.conf and whatever else belongs below /etc/nginx. An
optional gateway.yaml in it says how to run it, where that differs from the defaults.
"""


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        "headgate", description=_ABOUT, epilog=_EXAMPLES, formatter_class=raw
    )
    top.add_argument("--version", action="version", version=f"headgate {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="judge candidates by a policy")
    check.add_argument("candidates", nargs="+", type=Path, metavar="CANDIDATE")
    check.add_argument("--policy", type=Path, required=True, metavar="FILE")
    check.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there")
    check.add_argument(
        "--features", type=Path, action="append", default=[], metavar="DIR",
        help="run the feature files there too",
    )  # fmt: skip
    check.add_argument("--seed", help="repeat the run that had this seed")
    check.add_argument(
        "--strict", action="store_true",
        help="approve nothing of which some branch was never entered",
    )  # fmt: skip
    _add_engine(check)
    selftest = commands.add_parser(
        "selftest", help="judge gateways of which it is known what is wrong with them"
    )
    selftest.add_argument("names", nargs="*", metavar="NAME", help="these alone")
    selftest.add_argument("--corpus", type=Path, metavar="DIR", help="another corpus")
    selftest.add_argument("--seed", help="repeat the run that had this seed")
    selftest.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N",
        help="judge so many at a time (as a rule one for each core)",
    )  # fmt: skip
    _add_engine(selftest)
    commands.add_parser("doctor", help="say what is missing on this machine, and how to mend it")
    return top


def _add_engine(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--engine", choices=ENGINES, metavar="ENGINE",
        help=f"what runs the lab: {', '.join(ENGINES)} (the default, where {VARIABLE} says nothing:"
        " docker where an engine answers, else sandbox)",
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    args = parser().parse_args(argv)
    interruptions.expect()
    try:
        return _COMMANDS[args.command](args)
    except HeadgateError as error:
        print(f"headgate: {error}", file=sys.stderr)
    except KeyboardInterrupt as error:
        return interruptions.tell(error)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more as it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # Python itself would exit with 1, which says "rejected"
        what = f"{type(error).__name__}: {mask_numbers(str(error))}"
        print(f"headgate: failed: {what}", file=sys.stderr)
        if "HEADGATE_DEBUG" in os.environ:
            raise
        print("headgate: HEADGATE_DEBUG=1 shows where", file=sys.stderr)
    return 2


def _check(args: argparse.Namespace) -> int:
    from headgate.engines.choice import engine_named
    from headgate.gate.session import Session
    from headgate.policy import load_policy
    from headgate.reports.progress import Progress
    from headgate.verdict import worst

    if args.json:
        _write_json(args.json, [], args.candidates)  # whatever happens, no older verdict stays
    policy = load_policy(args.policy)
    engine = engine_named(args.engine)
    _assert_features(args.features)
    verdicts: list[Verdict] = []
    with Progress(sys.stderr) as progress:
        try:
            from headgate.gate.check import check

            with Session(
                policy, engine, seed=args.seed, progress=progress, covering=True
            ) as session:
                for verdict in check(session, args.candidates, args.features, strict=args.strict):
                    verdicts.append(verdict)
                    progress.clear()
                    _show(verdict)
                progress("taking the lab down")
        finally:
            if args.json:
                _write_json(args.json, verdicts, args.candidates)
    return worst(verdicts)


def _assert_features(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.is_dir():
            raise HeadgateError(f"{path}: not a directory (--features takes a directory)")
        if not any(one.is_file() for one in path.rglob("*.feature")):
            raise HeadgateError(f"{path}: no feature file in it: expected files named *.feature")


def _show(verdict: Verdict) -> None:
    from headgate.reports.terminal import lines

    for line in lines(verdict, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ):
        print(line)
    print(flush=True)


def _write_json(path: Path, verdicts: Sequence[Verdict], candidates: Sequence[Path]) -> None:
    """Write all verdicts, those of candidates that were not come to among them."""
    from headgate.verdict import NOT_JUDGED, Verdict, as_json

    left = [
        Verdict(str(candidate), "", NOT_JUDGED, "the run ended before this candidate was judged")
        for candidate in candidates[len(verdicts) :]
    ]
    try:
        path.write_text(json.dumps(as_json([*verdicts, *left]), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise HeadgateError(f"{path}: cannot be written: {error.strerror}") from error


def _selftest(args: argparse.Namespace) -> int:
    import secrets
    import time

    from headgate import resources
    from headgate.gate.selftest import corpus, line, summary
    from headgate.gate.workers import judge_all
    from headgate.reports.progress import Progress

    root = resources.root()
    policy = root / "gateway_config" / "policy.yaml"
    specimens = corpus(args.corpus or root / "tests" / "corpus", policy, args.names)
    seed = args.seed or secrets.token_hex(8)
    started = time.monotonic()
    judged = []
    with Progress(sys.stderr) as progress:
        progress(f"judging {len(specimens)} gateways, {args.jobs} at a time, with seed {seed}")
        for one in judge_all(specimens, args.jobs, partial(_bench, seed=seed, engine=args.engine)):
            judged.append(one)
            progress.clear()
            print(f"{len(judged):3} of {len(specimens)}  {line(one)}", flush=True)
    for said in summary(judged, time.monotonic() - started):
        print(said)
    print(f"seed          {seed}")
    return 0 if all(one.right for one in judged) else 1


@contextlib.contextmanager
def _bench(policy: Path, seed: str, engine: str | None) -> Iterator[Callable[[Specimen], Judged]]:
    """A lab under this policy, to judge specimens in."""
    from headgate.engines.choice import engine_named
    from headgate.gate.selftest import judge
    from headgate.gate.session import Session
    from headgate.policy import load_policy

    with Session(load_policy(policy), engine_named(engine), seed=seed) as session:
        yield partial(judge, session)


def _doctor(args: argparse.Namespace) -> int:
    from headgate.doctor import examine

    checks = examine()
    for one in checks:
        print(f"{one.state:4}  {one.name}: {one.detail}")
        if one.mend:
            print(f"      mend: {one.mend}")
    return 2 if any(one.state == "fail" for one in checks) else 0


_COMMANDS = {"check": _check, "selftest": _selftest, "doctor": _doctor}
