"""Writing files that somebody else reads: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from headgate.errors import HeadgateError


def write_whole(path: Path, data: bytes | Callable[[IO[bytes]], None]) -> None:
    """Put a file into its place at once, so that nobody ever reads half of it. What is no plain
    file (a pipe, a terminal) is written to as it is. HeadgateError when it cannot be done."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                _fill(file, data)
        else:
            _replace(path.resolve(), data)
    except OSError as error:
        raise HeadgateError(f"{path}: cannot be written: {error.strerror}") from error


def _replace(path: Path, data: bytes | Callable[[IO[bytes]], None]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            _fill(file, data)
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _fill(file: IO[bytes], data: bytes | Callable[[IO[bytes]], None]) -> None:
    if isinstance(data, bytes):
        file.write(data)
    else:
        data(file)


def assert_room(folder: Path, size: int, what: str) -> None:
    """HeadgateError when there are fewer bytes left in the file system of a folder."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise HeadgateError(f"{folder}: cannot be written to: {error.strerror}") from error
    if free < size:
        left = f"{free >> 20} MiB are left"
        raise HeadgateError(f"{folder}: {left}, and {what} may take {size >> 20} MiB")
