"""One Ctrl-C ends a run in order, and a second one at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("told", ["", "told"])
def test_a_second_signal_ends_it_at_once_and_it_is_told_once(told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, told],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stderr == "headgate: interrupted; nothing was judged to its end\n"
