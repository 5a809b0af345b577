"""Changes to a candidate's files, made all at once where their bytes stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.reading.span import Span


@dataclass
class Edits:
    """What is put in the place of bytes, by file. A file that is included twice is changed once:
    of two changes to the same bytes the first stands."""

    _made: dict[str, dict[tuple[int, int], bytes]] = field(default_factory=dict)

    def replace(self, span: Span, text: bytes) -> None:
        self._made.setdefault(span.file, {}).setdefault((span.start, span.end), text)

    def insert(self, file: str, at: int, text: bytes) -> None:
        """Put it before the byte `at`, behind what has been put there already."""
        made = self._made.setdefault(file, {})
        made[at, at] = made.get((at, at), b"") + text

    def changed(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files with their changes; what is changed may not lie in something else that is."""
        return {path: self._applied(path, data) for path, data in files.items()}

    def _applied(self, path: str, data: bytes) -> bytes:
        parts, at = [], 0
        for (start, end), text in sorted(self._made.get(path, {}).items()):
            if start < at:
                continue  # it is in the place of something that is no more
            parts += [data[at:start], text]
            at = end
        return b"".join((*parts, data[at:]))
