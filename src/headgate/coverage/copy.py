"""The copy of a candidate that tells which of its branches were entered.

nginx tells by its debug log, which names the value of each `set` and of each `map` as it is taken:

- A server, a location and an `if` begin with a `set` of their own; its value is their number. It is
  carried out when their rewrite phase is, whatever led there, and before anything else in it.
- The entries of a `map`, `geo` or `split_clients` get their numbers for values, and a second map
  behind it makes of each number the value that it had. So they are marked when, and only when, the
  variable is asked for, and what it is stays what it was, captures included.
- A `limit_except`, which takes no `set`, writes its number into the same file as an access log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from headgate.candidate import Candidate
from headgate.coverage import luahook
from headgate.coverage.edits import Edits
from headgate.coverage.luahook import FOLDER
from headgate.coverage.mark import BLOCKS, VALUES, Kind, Mark, words_of
from headgate.gateway_spec import FileSessions
from headgate.reading.chunk import Chunk, lua_of
from headgate.reading.config import Config, Directive, read_config
from headgate.reading.shelf import Shelf, shelf_of
from headgate.reading.span import Span
from headgate.reading.statement import Word

LOG = "nginx.log"
WORD = "headgate-mark"

_SPECIAL = {
    "map": {"hostnames", "volatile", "include"},
    "geo": {"include", "delete", "proxy", "proxy_recursive", "ranges"},
    "split_clients": set[str](),
}


@dataclass(frozen=True)
class Copy:
    """`candidate` is what runs. `chunks` are the pieces of Lua, by the path that the copy runs
    them from. `unmeasured` are branches that no means here can see, each with a reason."""

    candidate: Candidate
    shelf: Shelf = field(repr=False)
    marks: tuple[Mark, ...]
    chunks: Mapping[str, Chunk]
    unmeasured: tuple[tuple[Span, str], ...] = ()


def copy_of(candidate: Candidate) -> Copy:
    """The copy of a candidate. Raises `InputError` where its text cannot be read."""
    shelf = shelf_of(candidate)
    config = read_config(shelf)
    lua = lua_of(config, shelf)
    marking = _Marking(shelf, _provided(candidate))
    hook = luahook.placed(config, lua.chunks, shelf, marking.edits)
    marking.config(config)
    marking.head(hook.start)
    # The log is there from the start, and with it its folder.
    files = {**marking.edits.changed(candidate.files), **hook.files, f"{FOLDER}/{LOG}": b""}
    copied = replace(candidate, name=f"{candidate.name} (marked)", files=files)
    unread = [(span, f"{name} is not the candidate's") for name, span in lua.unread]
    unmeasured = (*marking.unmeasured, *unread)
    return Copy(copied, shelf, tuple(marking.marks.values()), hook.chunks, unmeasured)


def _provided(candidate: Candidate) -> str:
    """The file that the lab lays over the candidate's; its lines are subscribers, no branches."""
    sessions = candidate.spec.sessions
    return str(sessions.path) if isinstance(sessions, FileSessions) else ""


class _Marking:
    """One marking of a config. A file that is read twice has its marks once."""

    def __init__(self, shelf: Shelf, provided: str) -> None:
        self.edits = Edits()
        self.marks: dict[Span, Mark] = {}
        self.unmeasured: list[tuple[Span, str]] = []
        self._shelf = shelf
        self._log = f'"{shelf.install}/{FOLDER}/{LOG}"'
        self._provided = provided
        self._http: Span | None = None
        self._formats: list[str] = []
        self._variables = count(1)
        self._done: set[Span] = set()

    def config(self, config: Config) -> None:
        for directive, around in config.walk():
            if not _is_own(directive.span) or directive.span in self._done:
                continue
            self._done.add(directive.span)
            if not around or around[0].name != "http":
                self._outside(directive, around)
            elif directive.name == "error_log":
                self.edits.replace(directive.span, b"")  # it would take from ours what is within
            elif directive.name in BLOCKS and directive.body and directive.block is not None:
                self._block(directive, directive.body)
            elif directive.name in VALUES and directive.block is not None and directive.args:
                self._values(directive)

    def head(self, more: str) -> None:
        """What stands at the head of `http`."""
        if self._http:
            said = f" error_log {self._log} debug_http;{''.join(self._formats)}{more}"
            self.edits.insert(self._http.file, self._http.start, said.encode())

    def _outside(self, directive: Directive, around: tuple[Directive, ...]) -> None:
        if directive.name == "http":
            self._http = directive.body
        elif around and directive.name in ("server", *VALUES) and directive.block is not None:
            self.unmeasured.append((directive.span, f"{directive.name} in {around[0].name}"))

    def _mark(self, kind: Kind, span: Span, block: Span, words: str) -> Mark:
        new = Mark(kind, len(self.marks) + 1, span, block, words)
        return self.marks.setdefault(span, new)

    def _block(self, directive: Directive, body: Span) -> None:
        kind = BLOCKS[directive.name]
        mark = self._mark(kind, directive.words[0].span, directive.span, words_of(directive))
        said = f'set $headgate_mark "{WORD} {mark.number}";'
        if kind is Kind.METHODS:
            name = f"headgate_mark_{mark.number}"
            self._formats.append(f' log_format {name} "{WORD} {mark.number}";')
            said = f"access_log {self._log} {name};"
        self.edits.insert(body.file, body.start, f" {said}".encode())

    # The entries of map, geo and split_clients

    def _values(self, directive: Directive) -> None:
        target = directive.words[-1]
        variable = f"$headgate_values_{next(self._variables)}"
        second = {f"default {variable};".encode(): None}
        for entry in directive.inner:
            if entry.name == "volatile" and directive.name == "map":
                second[b"volatile;"] = None
            if mark := self._entry(directive, entry):
                value = self._written(entry.words[1])
                second[b'"%s %d" %s;' % (WORD.encode(), mark.number, value)] = None
        self.edits.replace(target.span, variable.encode())
        behind = b" map %s %s { %s }"
        block = behind % (variable.encode(), self._written(target), b" ".join(second))
        self.edits.insert(directive.span.file, directive.span.end, block)

    def _entry(self, directive: Directive, entry: Directive) -> Mark | None:
        """The mark of an entry; None of what is no entry or cannot have a mark."""
        if len(entry.words) != 2 or entry.name in _SPECIAL[directive.name]:
            return None
        if not _is_own(entry.span) or entry.span.file == self._provided:
            return None
        if directive.name != "map" and "$" in entry.words[1].text:
            # There a dollar is a dollar; a map would take it for a variable's.
            self.unmeasured.append((entry.span, f"a value with a dollar in {directive.name}"))
            return None
        words = f"{entry.words[0].text} in {words_of(directive)}"
        mark = self._mark(VALUES[directive.name], entry.span, entry.span, words)
        self.edits.replace(entry.words[1].span, f'"{WORD} {mark.number}"'.encode())
        return mark

    def _written(self, word: Word) -> bytes:
        text = self._shelf.text(f"{self._shelf.install}/{word.span.file}")
        assert text
        return text.data[word.span.start : word.span.end]


def _is_own(span: Span) -> bool:
    """Whether it stands in a file of the candidate's, which alone are copied."""
    return not span.file.startswith("/")
