"""Ctrl-C and SIGTERM: the first ends a run in order, the next one at once. And SIGUSR1, for whoever
wants to know what a run is waiting for.

Ending in order takes a second, and longer where an image is being built or a node hangs. Whoever
does not want to wait for it asks again: what is left then goes as it does after SIGKILL.
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


class Terminated(KeyboardInterrupt):
    """SIGTERM. It ends a run as Ctrl-C does: any other exception would end but one scenario."""


def expect() -> None:
    """From now on the first of these signals raises KeyboardInterrupt, and the next one exits."""
    _handle(_raise)
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


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    _handle(_tell_and_exit)
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def _tell_and_exit(number: int, frame: FrameType | None) -> NoReturn:
    # Past Python's own buffers: the signal may have come in the midst of a write to them.
    start = "\r\033[K" if os.isatty(2) else ""  # in the place of a line of progress
    os.write(2, f"{start}{_WORDS}\n".encode())
    _exit(number, frame)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(_status(number))


def _status(number: int) -> int:
    return 128 + number
