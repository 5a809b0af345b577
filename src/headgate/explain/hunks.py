"""What has changed between two configs, in pieces that can be taken one by one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.reading.span import decoded, encoded

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Hunk:
    """Lines `start` up to `end` (from 0) of a file, and what they have become. A file that is new
    or gone is one hunk: `before` or `after` say that it is not there."""

    file: str
    start: int
    end: int
    lines: tuple[str, ...]
    before: bool = True
    after: bool = True


def hunks(old: Files, new: Files) -> list[Hunk]:
    """All changes, by file and line."""
    return [one for path in sorted({*old, *new}) for one in _of_file(path, old, new)]


def _of_file(path: str, old: Files, new: Files) -> Iterator[Hunk]:
    before, after = _lines(old.get(path, b"")), _lines(new.get(path, b""))
    if path not in old or path not in new:
        yield Hunk(path, 0, len(before), tuple(after), path in old, path in new)
        return
    for kind, start, end, at, to in _matched(before, after):
        if kind != "equal":
            yield Hunk(path, start, end, tuple(after[at:to]))


def _matched(
    before: Sequence[str], after: Sequence[str]
) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def hybrid(old: Files, some: Iterable[Hunk]) -> dict[str, bytes]:
    """The old config with some of the changes."""
    result = dict(old)
    for one in sorted(some, key=lambda one: (one.file, one.start, one.end), reverse=True):
        if not one.after:
            del result[one.file]
            continue
        lines = _lines(result.get(one.file, b""))
        lines[one.start : one.end] = one.lines
        result[one.file] = encoded("".join(lines))
    return result


def unified(old: Files, some: Sequence[Hunk], old_name: str, new_name: str) -> Iterator[str]:
    """These changes as a unified diff, a line at a time, without line feeds."""
    new = hybrid(old, some)
    for path in dict.fromkeys(one.file for one in some):
        names = (
            f"{old_name}/{path}" if path in old else "/dev/null",
            f"{new_name}/{path}" if path in new else "/dev/null",
        )
        before, after = _lines(old.get(path, b"")), _lines(new.get(path, b""))
        for line in difflib.unified_diff(before, after, *names):
            yield line.removesuffix("\n")
            if not line.endswith("\n"):
                yield r"\ No newline at end of file"


def _lines(data: bytes) -> list[str]:
    """Lines with their ends, at line feeds alone."""
    return [line for line in decoded(data).replace("\n", "\n\0").split("\0") if line]
