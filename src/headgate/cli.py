"""The `headgate` command. Exits are the contract's: 0 approved, 1 rejected, 2 not judged."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import __version__, interruptions, outputs, resources, trace
from headgate.bundle import command
from headgate.commands import blame, replay
from headgate.engines import choice
from headgate.errors import HeadgateError
from headgate.numbers import mask_numbers, revealed

if TYPE_CHECKING:
    from headgate.gate.sharing import Helpers
    from headgate.gate.terms import Keeping, Terms
    from headgate.reports.progress import Progress
    from headgate.verdict import Verdict

    Judging = Generator[tuple[int, Verdict]]
    """Each verdict with its candidate's place, as soon as it is known."""

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
  headgate check candidates/* --policy policy.yaml --shard 2/4 --json verdict-2.json
  headgate merge verdict-*.json --json verdict.json
  headgate watch candidate --policy policy.yaml
  headgate check candidate --policy policy.yaml --bundle evidence.tar --sign key
  headgate verify evidence.tar --allowed-signers signers --deployed candidate
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
    _add_check(commands.add_parser("check", help="judge candidates by a policy"))
    watch = commands.add_parser("watch", help="judge a candidate again on every save")
    watch.add_argument("candidate", type=Path, metavar="CANDIDATE")
    _add_terms(watch)
    _add_jobs(watch)
    merge = commands.add_parser("merge", help="join the verdict files of several runs")
    merge.add_argument("files", nargs="+", type=Path, metavar="VERDICT.json")
    merge.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts there")
    replay.add(commands)
    blame.add(commands)
    command.add_parser(commands)
    commands.add_parser("schema", help="print the JSON Schema of verdict.json")
    selftest = commands.add_parser(
        "selftest", help="judge gateways of which it is known what is wrong with them"
    )
    selftest.add_argument("names", nargs="*", metavar="NAME", help="these alone")
    selftest.add_argument("--corpus", type=Path, metavar="DIR", help="another corpus")
    selftest.add_argument("--seed", help="repeat the run that had this seed")
    _add_jobs(selftest)
    choice.add_option(selftest)
    commands.add_parser("doctor", help="say what is missing on this machine, and how to mend it")
    return top


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("candidates", nargs="+", type=Path, metavar="CANDIDATE")
    _add_terms(check)
    check.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there")
    outputs.add_options(check)
    _add_jobs(check)
    check.add_argument(
        "--shard", metavar="I/N",
        help="judge the Ith of N parts of the candidates; `env`: as the variables of a Kubernetes "
        "Indexed Job (with HEADGATE_SHARDS) or of GitLab's parallel jobs say",
    )  # fmt: skip
    check.add_argument(
        "--family", action="append", default=[], metavar="ID",
        help="send the requests of this family alone, which can reject and never approve",
    )  # fmt: skip
    check.add_argument(
        "--strict", action="store_true",
        help="approve nothing of which some branch was never entered",
    )  # fmt: skip
    check.add_argument(
        "--no-explain", dest="explain", action="store_false",
        help="do not look for what findings are owed to",
    )  # fmt: skip


def _add_terms(command: argparse.ArgumentParser) -> None:
    command.add_argument("--policy", type=Path, required=True, metavar="FILE")
    command.add_argument(
        "--features", type=Path, action="append", default=[], metavar="DIR",
        help="run the feature files there too",
    )  # fmt: skip
    command.add_argument("--seed", help="repeat the run that had this seed")
    choice.add_option(command)


def _add_jobs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--jobs", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N",
        help="judge in so many processes at a time (as a rule one for each core)",
    )  # fmt: skip


def _positive(words: str) -> int:
    if not words.isdecimal() or int(words) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, not {words}")
    return int(words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    trace.first("prompt answered")
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
    import secrets

    from headgate import shards
    from headgate.reports.verdict_json import VerdictFile
    from headgate.verdict import worst

    shard = shards.shard_of(args.shard, os.environ) if args.shard else None
    candidates = shard.of(args.candidates) if shard else args.candidates
    of = shards.described(shard, args.candidates, args.policy) if shard else None
    # Whatever happens, no older verdict stays.
    file = VerdictFile(args.json, candidates, of) if args.json else None
    verdicts: list[Verdict] = []
    with contextlib.ExitStack() as stack:
        if file:
            stack.callback(file.write)
        stack.enter_context(revealed() if args.reveal else contextlib.nullcontext())
        written = stack.enter_context(outputs.Outputs(args, candidates))
        terms = _terms(args, args.seed or secrets.token_hex(8), written.keeping)
        if not candidates:
            print(
                f"shard {shard} of {len(args.candidates)} candidates is empty: nothing was judged"
            )
            return 0
        found = stack.enter_context(contextlib.closing(_verdicts(candidates, terms, args.jobs)))
        for at, verdict in found:
            verdicts.append(verdict)
            written.add(at, verdict)
            if file:
                file.take(at, verdict)
    return worst(verdicts)


def _terms(args: argparse.Namespace, seed: str, keeping: Keeping | None) -> Terms:
    from headgate.gate.terms import Terms
    from headgate.policy import load_policy

    policy = load_policy(args.policy)
    _assert_features(args.features)
    if args.family:
        from headgate.gate.restricted import assert_known

        if args.features:
            raise HeadgateError("--family leaves out all features: --features has no use beside it")
        assert_known(args.family)
    return Terms(
        policy,
        seed,
        tuple(args.features),
        tuple(args.family),
        engine=args.engine or choice.default(),
        strict=args.strict,
        explain=args.explain,
        keeping=keeping,
        reveal=args.reveal,
    )


def _verdicts(candidates: Sequence[Path], terms: Terms, jobs: int) -> Judging:
    """Each verdict as soon as it is known, and shown, with its candidate's place."""
    from headgate.reports.progress import Progress

    several = min(jobs, len(candidates)) > 1
    with Progress(sys.stderr) as progress:
        judge = _by_processes if several else _in_this_process
        with contextlib.closing(judge(candidates, terms, jobs, progress)) as verdicts:
            for at, verdict in verdicts:
                progress.clear()
                _show(verdict)
                yield at, verdict


def _in_this_process(
    candidates: Sequence[Path], terms: Terms, jobs: int, progress: Progress
) -> Judging:
    from headgate.gate.session import Session

    engine = choice.engine_named(terms.engine)
    with Session(
        terms.policy,
        engine,
        seed=terms.seed,
        progress=progress,
        covering=True,
        helpers=_helpers(terms, jobs, progress),
    ) as session:
        # While the lab is being put up: this takes as long.
        from headgate.gate.many import check_here

        yield from enumerate(check_here(session, candidates, terms))
        progress("taking the lab down")


def _helpers(terms: Terms, jobs: int, progress: Progress) -> Helpers | None:
    """Whoever shares what is judged one by one."""
    if jobs < 2 or terms.families:
        return None
    from headgate.gate.sharing import Helpers

    return Helpers(terms, jobs - 1, progress, covered=True)


def _by_processes(
    candidates: Sequence[Path], terms: Terms, jobs: int, progress: Progress
) -> Judging:
    from headgate.gate.many import check_many
    from headgate.reports.progress import Several

    heard = Several(progress, len(candidates))
    with contextlib.closing(check_many(candidates, terms, jobs, heard)) as found:
        for at, verdict in found:
            yield at, verdict
            heard.done(verdict.candidate)


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


def _watch(args: argparse.Namespace) -> int:
    import secrets

    from headgate.gate.session import Session
    from headgate.gate.sharing import Helpers
    from headgate.gate.terms import Terms
    from headgate.gate.watching import Watching
    from headgate.policy import Policy
    from headgate.reports.progress import Progress

    _assert_features(args.features)
    seed, name = args.seed or secrets.token_hex(8), args.engine or choice.default()
    engine = choice.engine_named(name)
    progress = Progress(sys.stderr)

    def session(policy: Policy) -> Session:
        terms = Terms(policy, seed, tuple(args.features), engine=name)
        helpers = Helpers(terms, args.jobs - 1, progress, covered=False) if args.jobs > 1 else None
        return Session(policy, engine, seed=seed, progress=progress, helpers=helpers)

    def say(line: str) -> None:
        progress.clear()
        print(line, flush=True)

    watching = Watching(
        args.candidate,
        args.policy,
        args.features,
        session=session,
        say=say,
        progress=progress,
    )
    try:
        with progress:
            watching.run()
    except KeyboardInterrupt as error:
        return interruptions.tell(error, "headgate: watching no more")


def _merge(args: argparse.Namespace) -> int:
    from headgate.merging import merged
    from headgate.reports.verdict_json import VerdictFile
    from headgate.verdict import worst

    file = VerdictFile(args.json, []) if args.json else None
    verdicts = merged(args.files)
    for verdict in verdicts:
        _show(verdict)
    if file:
        file.write(verdicts)
    return worst(verdicts)


def _selftest(args: argparse.Namespace) -> int:
    import secrets
    import time

    from headgate.gate.selftest import corpus, judge_corpus, line, summary
    from headgate.reports.progress import Progress

    root = resources.root()
    policy = root / "gateway_config" / "policy.yaml"
    specimens = corpus(args.corpus or root / "tests" / "corpus", policy, args.names)
    seed = args.seed or secrets.token_hex(8)
    started = time.monotonic()
    judged = []
    with Progress(sys.stderr) as progress:
        progress(f"judging {len(specimens)} gateways, {args.jobs} at a time, with seed {seed}")
        for one in judge_corpus(specimens, args.jobs, seed, args.engine):
            judged.append(one)
            progress.clear()
            print(f"{len(judged):3} of {len(specimens)}  {line(one)}", flush=True)
    for said in summary(judged, time.monotonic() - started):
        print(said)
    print(f"seed          {seed}")
    return 0 if all(one.right for one in judged) else 1


def _doctor(args: argparse.Namespace) -> int:
    from headgate.doctor import examine

    checks = examine()
    for one in checks:
        print(f"{one.state:4}  {one.name}: {one.detail}")
        if one.mend:
            print(f"      mend: {one.mend}")
    return 2 if any(one.state == "fail" for one in checks) else 0


def _schema(args: argparse.Namespace) -> int:
    print(resources.schema().read_text("utf-8"), end="")
    return 0


_COMMANDS = {
    "check": _check,
    "watch": _watch,
    "merge": _merge,
    "replay": replay.run,
    "blame": blame.run,
    "verify": command.run,
    "schema": _schema,
    "selftest": _selftest,
    "doctor": _doctor,
}
