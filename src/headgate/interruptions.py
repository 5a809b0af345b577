"""Ctrl-C and SIGTERM: the first ends a run in order, the next one at once. And SIGUSR1, for whoever
wants to know what a run is waiting for.

Ending in order takes a second, and longer where an image is being built or a node hangs. Whoever
does not want to wait for it asks again: what is left then goes as it does after SIGKILL.

Python raises what a signal stands for wherever its main thread is. The bookkeeping of an import is
not made for that: it would leave a lock behind that no thread opens any more. And in what clears up
behind an object (a finalizer, the callback of a weak reference) it would be swallowed.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_WORDS = "headgate: interrupted; nothing was judged to its end"

# How the frames of Python's own import are named, and how soon after it is tried again: seconds.
_IMPORT = "<frozen importlib"
_A_MOMENT = 0.002


class Terminated(KeyboardInterrupt):
    """SIGTERM. It ends a run as Ctrl-C does: any other exception would end but one scenario."""


def expect() -> None:
    """From now on the first of these signals raises KeyboardInterrupt, and the next one exits."""
    _handle(_first)
    if sys.__stderr__:
        faulthandler.register(signal.SIGUSR1, sys.__stderr__)


def tell(error: KeyboardInterrupt, words: str = _WORDS) -> int:
    """Say, once, that a run was interrupted; the exit status that a shell gives for it."""
    _handle(_exit)
    print(words, file=sys.stderr, flush=True)
    return _status(signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)


def _handle(action: signal._HANDLER) -> None:
    for number in _NUMBERS:
        signal.signal(number, action)


def _first(number: int, frame: FrameType | None) -> None:
    _handle(_tell_and_exit)
    interrupt(Terminated() if number == signal.SIGTERM else KeyboardInterrupt(), frame)


def interrupt(error: KeyboardInterrupt, frame: FrameType | None) -> None:
    """Raise this, from the handler of a signal that came in this frame, or a moment later where it
    would do harm or be lost."""
    sys.unraisablehook = _not_swallowed
    if frame and frame.f_code.co_filename.startswith(_IMPORT):
        _interrupt_later(error)
    else:
        raise error


def _interrupt_later(error: KeyboardInterrupt) -> None:
    signal.signal(signal.SIGALRM, lambda _, frame: interrupt(error, frame))
    signal.setitimer(signal.ITIMER_REAL, _A_MOMENT)


def _not_swallowed(lost: sys.UnraisableHookArgs) -> None:
    if isinstance(lost.exc_value, KeyboardInterrupt):
        _interrupt_later(lost.exc_value)
    else:
        sys.__unraisablehook__(lost)


def _tell_and_exit(number: int, frame: FrameType | None) -> NoReturn:
    # Past Python's own buffers: the signal may have come in the midst of a write to them.
    start = "\r\033[K" if os.isatty(2) else ""  # in the place of a line of progress
    os.write(2, f"{start}{_WORDS}\n".encode())
    _exit(number, frame)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(_status(number))


def _status(number: int) -> int:
    return 128 + number
