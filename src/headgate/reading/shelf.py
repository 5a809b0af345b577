"""The files that nginx finds: the candidate's, laid over those of the image."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from headgate.candidate import Candidate
from headgate.reading.span import Text

MOST_LINKS = 40  # as Linux follows (path_resolution(7))


INSTALL = PurePosixPath("/etc/nginx")
PREFIX = PurePosixPath("/usr/share/nginx")


@dataclass(frozen=True)
class Shelf:
    """`files` and `links` are the candidate's, by their paths below `install`. `image` holds files
    of the image by their absolute paths; None where they are not known. `prefix` is what relative
    paths of Lua files begin at (`nginx -V`, --prefix). `name` is the candidate's, for messages."""

    files: Mapping[str, bytes] = field(repr=False)
    links: Mapping[str, str] = field(default_factory=dict)
    install: PurePosixPath = INSTALL
    prefix: PurePosixPath = PREFIX
    image: Mapping[str, bytes] | None = field(default=None, repr=False)
    name: str = ""

    @property
    def whole(self) -> bool:
        """Whether a file that is not here is nowhere."""
        return self.image is not None

    def text(self, path: str) -> Text | None:
        """The file at an absolute path; None where there is none."""
        found = self._resolved(path)
        return self._texts.get(found) if found else None

    def matching(self, pattern: str) -> list[str]:
        """The paths, in the order of their bytes, that an absolute glob(7) pattern stands for."""
        found = [""]
        for segment in pattern.split("/")[1:]:
            found = [f"{path}/{name}" for path in found for name in self._names(path, segment)]
        return sorted(found)

    @cached_property
    def _texts(self) -> dict[str, Text]:
        own = {f"{self.install}/{path}": Text(path, data) for path, data in self.files.items()}
        others = {path: Text(path, data) for path, data in (self.image or {}).items()}
        return {**others, **own}

    @cached_property
    def _links(self) -> dict[str, str]:
        return {f"{self.install}/{path}": target for path, target in self.links.items()}

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        folders: dict[str, set[str]] = {}
        for path in (*self._texts, *self._links):
            below = path
            while below:
                folder, _, name = below.rpartition("/")
                folders.setdefault(folder, set()).add(name)
                below = folder
        return folders

    def _names(self, folder: str, segment: str) -> list[str]:
        """The names in a folder that one segment of a pattern stands for."""
        if not re.search(r"[*?\[\\]", segment):
            return [segment] if self._resolved(f"{folder}/{segment}") is not None else []
        shape = re.compile(fnmatch.translate(_as_fnmatch(segment)))
        names = self._folders.get(self._resolved(folder) or "", set())
        hidden = segment.startswith(".")
        return [name for name in names if shape.match(name) and hidden >= name.startswith(".")]

    def _resolved(self, path: str, hops: int = 0) -> str | None:
        """A path without links, `.` and `..`; None where there is nothing. The root is ''."""
        at = ""
        parts = path.split("/")[1:]
        for index, part in enumerate(parts):
            if part in ("", "."):
                continue
            at = at.rpartition("/")[0] if part == ".." else f"{at}/{part}"
            if at in self._links:
                target = PurePosixPath(at).parent / self._links[at]
                if hops == MOST_LINKS:
                    return None
                return self._resolved("/".join((str(target), *parts[index + 1 :])), hops + 1)
            if at not in self._texts and at not in self._folders:
                return None
        return at


def _as_fnmatch(segment: str) -> str:
    """glob(7) has two things that fnmatch does not: `[^` and the backslash."""
    return re.sub(r"\\(.)", r"[\1]", segment).replace("[^", "[!")


def shelf_of(candidate: Candidate, image: Mapping[str, bytes] | None = None) -> Shelf:
    """The shelf of a candidate, over these files of its image."""
    return Shelf(
        candidate.files,
        candidate.links,
        candidate.spec.install,
        image=image,
        name=candidate.name,
    )
