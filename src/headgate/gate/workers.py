"""Judging on every core: processes with a bench each, and tasks handed out one by one.

A bench is a lab under one policy, and what judges gateways in it. A worker ends when it is told
to, or when the process that started it is no more; its engine's reaper then removes what was half
made. A task that fails its worker costs its own verdict and no other's: the bench is put up anew,
and a worker that died is replaced.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from headgate import interruptions
from headgate.errors import LabError

_GRACE = 20.0  # seconds in which a worker takes its lab down
_ENDING = (signal.SIGINT, signal.SIGTERM)


class Task(Protocol):
    """What is handed out: anything with a name that can be sent."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Task)
R = TypeVar("R")

Tell = Callable[[str], None]
Bench = Callable[[T, Tell], contextlib.AbstractContextManager[Callable[[T], R]]]
"""Puts up what such tasks are judged on. It tells what it is about; it is sent to the workers, by
its name."""
Heard = Callable[[str, str], None]
"""Takes the name of a task and what is being done about it."""


@dataclass(frozen=True)
class Failed:
    """Why there is no answer on a task: `why` is a person's line, and begins with no name."""

    why: str


class Spent(Exception):
    """Raised by what judges: this is the answer, and the bench is of no more use."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


def unheard(name: str, phase: str) -> None:
    """Progress that nobody watches."""


def judge_all(
    tasks: Sequence[T],
    jobs: int,
    bench: Bench[T, R],
    *,
    alike: Callable[[T], Hashable] = lambda task: None,
    heard: Heard = unheard,
) -> Generator[tuple[T, R | Failed]]:
    """Judge all of them in `jobs` processes, each answer as soon as it is known.

    Tasks that are `alike` share a bench; a worker is given those that its bench is for, before
    another bench is put up.
    """
    team = _Team(bench, alike, [*tasks])
    with contextlib.ExitStack() as stack:
        stack.callback(team.dismiss)
        for _ in range(min(jobs, len(tasks))):
            team.hire()
        while team.at_work:
            for ready in wait([*team.at_work]):
                assert isinstance(ready, Connection)
                worker = team.at_work[ready]
                told = worker.told()
                if isinstance(told, str):
                    heard(worker.task.name, told)
                    continue
                task = worker.task
                team.occupy(worker)
                yield task, told.answer


class Crew(Generic[T, R]):
    """So many processes that are all given the same task, while the one that gives it goes on with
    its own part. They last from one task to the next; one that has died is not replaced. What they
    tell of their progress is `heard` at once, in another thread."""

    def __init__(self, bench: Bench[T, R], count: int, heard: Tell) -> None:
        self._bench = bench
        self._count = count
        self._heard = heard
        self._workers: list[_Worker[T, R]] = []
        self._answers: dict[int, queue.SimpleQueue[R | Failed]] = {}

    def __enter__(self) -> Self:
        try:
            for _ in range(self._count):
                worker = _hired(self._bench, self._workers)
                answers = self._answers[id(worker)] = queue.SimpleQueue()
                listening = threading.Thread(target=self._listen, args=(worker, answers))
                listening.daemon = True
                listening.start()
        except BaseException:
            _dismiss(self._workers)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _dismiss(self._workers)

    def _listen(self, worker: _Worker[T, R], answers: queue.SimpleQueue[R | Failed]) -> None:
        while not worker.dead:
            told = worker.told()
            if isinstance(told, str):
                self._heard(told)
            else:
                answers.put(told.answer)

    def __len__(self) -> int:
        return len(self._workers)

    def give(self, task: T) -> None:
        """Hand the task to each of them."""
        for worker in self._workers:
            worker.give(task, None)

    def answers(self) -> list[R | Failed]:
        """What each of them answers to the task that it was given last; waits for them all."""
        found = [self._answers[id(worker)].get() for worker in self._workers]
        self._workers = [one for one in self._workers if not one.dead]
        return found


@dataclass(frozen=True)
class _Answer(Generic[R]):
    answer: R | Failed


@dataclass
class _Worker(Generic[T, R]):
    process: BaseProcess
    line: Connection
    task: T = field(init=False)
    ground: Hashable = field(init=False, default=None)
    dead: bool = False

    def give(self, task: T, ground: Hashable) -> None:
        self.task, self.ground = task, ground
        with contextlib.suppress(BrokenPipeError):  # that it is dead is seen when it is listened to
            self.line.send((ground, task))

    def told(self) -> str | _Answer[R]:
        """The next thing that it says; when it has died, that."""
        try:
            said: str | _Answer[R] = self.line.recv()
        except (EOFError, OSError):
            self.dead = True
            self.process.join(_GRACE)
            return _Answer(Failed(f"the process that judged it {_how_it_ended(self.process)}"))
        return said


def _hired(bench: Bench[T, R], workers: list[_Worker[T, R]]) -> _Worker[T, R]:
    """A new process with a bench of its own, one more of these."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, bench))
    # Ctrl-C comes to all that a terminal has started, and a worker that has not come as far as to
    # ignore it would end with Python's own words. Here none may come in the midst of this.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        process.start()
        worker = _Worker[T, R](process, here)
        workers.append(worker)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    there.close()
    return worker


def _dismiss(workers: Sequence[_Worker[Any, Any]]) -> None:
    """End them all: each is told to, before one is waited for. Each is told once: a line that
    closes ends it too, and what came behind would cut its clean-up short."""
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_GRACE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.line.close()


def _how_it_ended(process: BaseProcess) -> str:
    status = process.exitcode
    if status is not None and status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended unasked, with status {status}"


class _Team(Generic[T, R]):
    """The workers, each with the task that it is at, and what waits to be handed out."""

    def __init__(
        self, bench: Bench[T, R], alike: Callable[[T], Hashable], waiting: list[T]
    ) -> None:
        self._bench = bench
        self._alike = alike
        self._waiting = waiting
        self._all: list[_Worker[T, R]] = []
        self.at_work: dict[Connection, _Worker[T, R]] = {}

    def hire(self) -> None:
        """A new process, and the first task for it."""
        self.occupy(_hired(self._bench, self._all))

    def occupy(self, worker: _Worker[T, R]) -> None:
        """Hand out the first task of the kind that its bench is for, or else the first one."""
        self.at_work.pop(worker.line, None)
        if worker.dead:
            worker.line.close()
            self._all.remove(worker)
            if self._waiting:
                self.hire()
            return
        if self._waiting:
            alike = (one for one in self._waiting if self._alike(one) == worker.ground)
            chosen = next(alike, self._waiting[0])
            self._waiting.remove(chosen)
            self.at_work[worker.line] = worker
            worker.give(chosen, self._alike(chosen))

    def dismiss(self) -> None:
        _dismiss(self._all)


# In the worker


def _work(line: Connection, bench: Bench[T, R]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the starter's to end us
    signal.signal(signal.SIGTERM, _terminated)
    threading.Thread(target=_follow, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt, EOFError, BrokenPipeError):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        _judge_what_comes(line, bench)
    os._exit(0)  # to take a run's memory apart takes as long as to take its lab down


def _judge_what_comes(line: Connection, bench: Bench[T, R]) -> None:
    speaking = threading.Lock()  # a lab that is being put up tells of it from another thread

    def say(what: str | _Answer[Any]) -> None:
        with speaking:
            line.send(what)

    ground: Hashable = None
    judge: Callable[[T], R] | None = None
    with contextlib.ExitStack() as stack:
        while True:
            asked, task = line.recv()
            try:
                if judge is None or asked != ground:
                    judge = None
                    stack.close()
                    judge, ground = stack.enter_context(bench(task, say)), asked
                say(_Answer(judge(task)))
            except BrokenPipeError:
                raise
            except Spent as spent:
                judge = None
                _close(stack)
                say(_Answer(spent.answer))
            except Exception as error:  # whatever it is, the starter has to know
                judge = None
                _close(stack)
                say(_Answer(Failed(_in_words(error))))


def _close(stack: contextlib.ExitStack) -> None:
    """Take down a bench that has failed; that this fails too is nothing new."""
    with contextlib.suppress(Exception):
        stack.close()


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"


def _terminated(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    interruptions.interrupt(KeyboardInterrupt(), frame)


def _follow() -> None:
    """Do not outlive the process that started this one."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
