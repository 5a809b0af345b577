"""Judging a corpus on every core: processes with a bench each, and gateways handed out one by one.

A bench is a lab under one policy, and what judges a gateway in it. A worker ends when it is told
to, or when the process that started it is no more; its engine's reaper then removes what was half
made.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from headgate.errors import LabError
from headgate.gate.selftest import Judged, Specimen

_GRACE = 20.0  # seconds in which a worker takes its lab down

Judge = Callable[[Specimen], Judged]
Bench = Callable[[Path], contextlib.AbstractContextManager[Judge]]


def judge_all(specimens: Sequence[Specimen], jobs: int, bench: Bench) -> Iterator[Judged]:
    """Judge all of them in `jobs` processes, each verdict as soon as it is known.

    `bench` is put up for the file of a policy; it is sent to the workers, by its name. Raises
    LabError when a worker fails.
    """
    waiting = _in_order(specimens)
    with contextlib.ExitStack() as stack:
        count = min(jobs, len(waiting))
        workers = [stack.enter_context(_worker(bench)) for _ in range(count)]
        for process, _ in workers:
            stack.callback(process.terminate)  # all of them, before one is waited for
        policies = {line: _hand_out(waiting, line, b"") for _, line in workers}
        while policies:
            for ready in wait([*policies]):
                assert isinstance(ready, Connection)
                yield _answer(ready)
                if waiting:
                    policies[ready] = _hand_out(waiting, ready, policies[ready])
                else:
                    del policies[ready]


def _in_order(specimens: Sequence[Specimen]) -> list[Specimen]:
    """What takes long comes first, lest all but one have nothing to do at the end: the policies
    that few are judged by, and of one policy the sound ones."""
    policies = [one.policy.read_bytes() for one in specimens]
    how_many = Counter(policies)
    keys = [(how_many[policy], policy) for policy in policies]
    ordered = sorted(range(len(specimens)), key=lambda at: (keys[at], bool(specimens[at].kinds)))
    return [specimens[at] for at in ordered]


def _hand_out(waiting: list[Specimen], line: Connection, policy: bytes) -> bytes:
    """The first one under the policy that this worker's lab is under, or else the first one: a new
    policy takes a new lab."""
    alike = (one for one in waiting if one.policy.read_bytes() == policy)
    chosen = next(alike, waiting[0])
    waiting.remove(chosen)
    line.send(chosen)
    return chosen.policy.read_bytes()


def _answer(line: Connection) -> Judged:
    try:
        answer = line.recv()
    except EOFError:
        raise LabError("a process of the selftest ended unasked") from None
    if isinstance(answer, Exception):
        raise answer
    assert isinstance(answer, Judged)
    return answer


@contextlib.contextmanager
def _worker(bench: Bench) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that judges what it is sent, and the line to it; ended in any case at the end."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, bench))
    process.start()
    there.close()
    try:
        yield process, here
    finally:
        here.close()
        _end(process)


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(_GRACE)
    if process.is_alive():
        process.kill()
        process.join()


def _work(line: Connection, bench: Bench) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the starter's to end us
    signal.signal(signal.SIGTERM, _terminated)
    threading.Thread(target=_follow, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt, EOFError, BrokenPipeError):
        _judge_what_comes(line, bench)


def _judge_what_comes(line: Connection, bench: Bench) -> None:
    policy, judge = b"", None
    with contextlib.ExitStack() as stack:
        while True:
            specimen: Specimen = line.recv()
            try:
                if judge is None or policy != specimen.policy.read_bytes():
                    stack.close()
                    policy = specimen.policy.read_bytes()
                    judge = stack.enter_context(bench(specimen.policy))
                line.send(judge(specimen))
            except Exception as error:  # whatever it is, the starter has to know
                line.send(LabError(f"{specimen.name}: {type(error).__name__}: {error}"))


def _terminated(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _follow() -> None:
    """Do not outlive the process that started this one."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
