"""One Ctrl-C ends a run in order, wherever it comes, and a second one at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOLD = "headgate: interrupted; nothing was judged to its end\n"

IMPATIENT = """
import os, signal, sys, threading
from headgate import interruptions

interruptions.expect()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(60)
except KeyboardInterrupt as error:
    told = "told" in sys.argv and interruptions.tell(error)
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(60)
"""

# Imported by another thread while the main one waits for it, which is where the signal comes.
SLOW = """
import signal, sys, threading

main = threading.main_thread().ident
while not sys._current_frames()[main].f_code.co_filename.startswith("<frozen importlib"):
    pass
before = signal.getsignal(signal.SIGINT)
signal.pthread_kill(main, signal.SIGINT)
while signal.getsignal(signal.SIGINT) == before:
    pass
done = True
"""

IMPORTING = """
import sys, threading
from headgate import interruptions

sys.path.append(sys.argv[1])
interruptions.expect()
try:
    threading.Thread(target=__import__, args=("slow",)).start()
    import slow
    threading.Event().wait(60)
except KeyboardInterrupt as error:
    assert sys.modules["slow"].done
    raise SystemExit(interruptions.tell(error))
"""

SWALLOWED = """
import os, signal, threading
from headgate import interruptions

class Cleared:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

interruptions.expect()
try:
    Cleared()
    threading.Event().wait(60)
except KeyboardInterrupt as error:
    raise SystemExit(interruptions.tell(error))
"""


@pytest.mark.parametrize("told", ["", "told"])
def test_a_second_signal_ends_it_at_once_and_it_is_told_once(told: str) -> None:
    done = _run(IMPATIENT, told)
    assert (done.returncode, done.stderr) == (130, TOLD)


def test_it_comes_behind_the_bookkeeping_of_an_import(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    done = _run(IMPORTING, str(tmp_path))
    assert (done.returncode, done.stderr) == (130, TOLD)


def test_it_is_not_lost_in_a_finalizer() -> None:
    done = _run(SWALLOWED)
    assert (done.returncode, done.stderr) == (130, TOLD)


def _run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
