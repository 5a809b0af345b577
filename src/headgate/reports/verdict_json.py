"""`verdict.json` while it grows: every verdict that is known stands in it, whatever comes next."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headgate.files import write_whole
from headgate.verdict import NOT_JUDGED, Verdict, as_json

# It is written anew for each verdict, as long as that takes no more than this part of the time:
# with ever more candidates it would take most of it.
_SHARE = 0.05

_ENDED = "the run ended before this candidate was judged"


class VerdictFile:
    """The file of one run. It is written at once, without a single verdict: whatever happens, no
    older one stays. `shard` says which part of which list this is, if it is one.

    It is replaced whole, so that whoever reads it sees no half of it, unless it is no plain file.
    """

    def __init__(
        self, path: Path, candidates: Sequence[Path], shard: Mapping[str, Any] | None = None
    ) -> None:
        self._path = path
        self._shard = shard
        self._texts = [_text(Verdict(str(one), "", NOT_JUDGED, _ENDED), 4) for one in candidates]
        self._rest_until = 0.0
        self.write()

    def take(self, at: int, verdict: Verdict) -> None:
        """The verdict on the candidate in this place of the list."""
        self._texts[at] = _text(verdict, 4)
        if time.monotonic() >= self._rest_until:
            self.write()

    def write(self, verdicts: Sequence[Verdict] | None = None) -> None:
        """Write all that is known, or these. HeadgateError when the file cannot be written."""
        if verdicts is not None:
            self._texts = [_text(one, 4) for one in verdicts]
        began = time.monotonic()
        write_whole(self._path, self._content().encode())
        now = time.monotonic()
        self._rest_until = now + (now - began) / _SHARE

    def _content(self) -> str:
        shard = f'  "shard": {_indented(self._shard, 2)},\n' if self._shard else ""
        inner = ",\n".join(f"    {text}" for text in self._texts)
        listed = f"[\n{inner}\n  ]" if inner else "[]"
        return f'{{\n{shard}  "candidates": {listed}\n}}\n'


def _text(verdict: Verdict, by: int) -> str:
    return _indented(as_json([verdict])["candidates"][0], by)


def _indented(value: object, by: int) -> str:
    return json.dumps(value, indent=2).replace("\n", "\n" + " " * by)
