"""Starts the launcher, for a session or for a program that takes a user namespace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from headgate.engines.sandbox import ids
from headgate.errors import LabError

# Where the source of this package begins, for the launcher, which knows of no other package.
_SOURCE = str(Path(__file__).resolve().parents[3])
_LAUNCH = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from headgate.engines.sandbox.launcher import main; main(sys.argv[2:])"
)


def command(*words: str) -> list[str]:
    """The command line of the launcher. LabError when this user has no ids to map."""
    return [sys.executable, "-IS", "-c", _LAUNCH, _SOURCE, *ids.maps(), *words]


def output(*argv: str) -> bytes:
    """What a program says that is run as root of a user namespace; LabError when it fails."""
    done = subprocess.run(command("run", *argv), capture_output=True, check=False)
    _assert_done(argv, done.returncode, done.stderr)
    return done.stdout


def attempt() -> None:
    """Do what a session takes of the kernel; LabError in its words where it refuses."""
    done = subprocess.run(command("try"), capture_output=True, check=False)
    _assert_done(["what the sandbox takes"], done.returncode, done.stderr)


def feed(pieces: Iterable[bytes], *argv: str) -> None:
    """Run such a program, with this as its standard input. LabError when it fails, and what comes
    up while the pieces are made."""
    with subprocess.Popen(
        command("run", *argv), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stderr
        try:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it says why
        except BaseException:
            process.kill()
            raise
        words = process.stderr.read()
    _assert_done(argv, process.returncode, words)


def _assert_done(argv: Iterable[str], status: int, words: bytes) -> None:
    if status:
        said = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise LabError(f"{next(iter(argv))} failed in a user namespace: {said or status}")
