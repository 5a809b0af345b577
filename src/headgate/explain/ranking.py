"""In which order edits are tried: a restart takes time, and only so many can be afforded.

What comes first is a guess; what is said of a line is not. The guess goes by the words of the
least request, and by how far a line is from the header in which the number went out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from headgate.disclosure import LEAK, MISSING
from headgate.explain.edits import CONDITION, LETS_THROUGH, Edit

_WORDS = re.compile(r"[a-z0-9]{3,}")
# Words of every request, which tell nothing.
_USUAL = frozenset(
    ["http", "www", "com", "host", "get", "org", "net", "the", "and", "for", "html", "example"]
)
_FAR = 6
# What lets more through is hardly what stops that too much is.
_OPENS = 30.0


def ranked(edits: Sequence[Edit], request: bytes, where: str, kind: str = LEAK) -> list[Edit]:
    """All edits, the most promising first; of equals the narrower."""
    said = frozenset(_WORDS.findall(request.decode("latin-1").lower())) - _USUAL
    words = {edit: said & _words(edit.text) for edit in edits}
    common = Counter(word for found in words.values() for word in found)
    near = distances(edits, where)

    def worth(edit: Edit) -> tuple[float, int]:
        told = max((24.0 / common[word] for word in words[edit]), default=0.0)
        told += 2.0 * max(0, _FAR - near.get(edit, _FAR))
        told += 1.5 * (edit.role in (CONDITION, LETS_THROUGH)) * (edit in near)
        told += 24.0 * (edit.cancels and where.startswith("header"))
        told += 1.0 * (edit.name == "lua" and near.get(edit, 0) > 0)
        told -= 3.0 * (_about_others(edit, said) or _says_no(edit))
        told -= _OPENS * (edit.opens and kind != MISSING)
        return -told, len(edit.text)

    return sorted(edits, key=worth)


def _says_no(edit: Edit) -> bool:
    """Whether this is an entry that gives what most take for a no, or what another entry gives."""
    (_, instead), *_ = edit.changes
    given = edit.text.rstrip(b"; ").rpartition(b" ")[2].strip(b"\"'")
    entry = edit.name in ("map", "geo", "split_clients")
    return entry and (given in (b"", b"0", b"no", b"off") or len(instead) > 2)


def _about_others(edit: Edit, said: frozenset[str]) -> bool:
    """Whether this is an entry for something that the request does not hold."""
    key = edit.text.split(b" ", 1)[0]
    words = _words(key)
    return edit.name in ("map", "geo") and key != b"default" and bool(words) and not words & said


def _words(text: bytes) -> frozenset[str]:
    return frozenset(_WORDS.findall(text.decode("latin-1").lower()))


def distances(edits: Sequence[Edit], where: str) -> dict[Edit, int]:
    """How many variables lie between an edit and the place in which the number went out."""
    return _reached(edits, names_of(where), lambda one: one.asks | one.gives)


def deciding(edits: Sequence[Edit], where: str) -> dict[Edit, int]:
    """The same for what is asked alone: whoever decides, not whoever is spoken of."""
    return _reached(edits, names_of(where), lambda one: one.asks or one.gives)


def names_of(where: str) -> frozenset[str]:
    """What a place of a finding may be called in a config."""
    name = where.rpartition(" ")[2].lower()
    return frozenset({name, name.replace("-", "_"), "http_" + name.replace("-", "_")})


def _reached(edits: Sequence[Edit], names: Collection[str], leads: object) -> dict[Edit, int]:
    assert callable(leads)
    wanted, found = set(names), dict[Edit, int]()
    for distance in range(_FAR):
        new = [one for one in edits if one not in found and one.defines & wanted]
        found.update(dict.fromkeys(new, distance))
        wanted = set().union(*(leads(one) for one in new)) if new else set()
    return found
