"""YAML files, read so that every value keeps its place and none is guessed at.

A file becomes a tree of `Scalar`, `Listing` and `Mapping`. Scalars stay text: YAML's own guesses
turn `0447700` into the octal 151488, `no` into False and `12:30:45` into 45045. Only the null
(`null`, `~` or nothing at all) is told apart. Aliases, tags and keys given twice are refused; the
refusal lies in the tree, so that it is told together with whatever else is wrong.

A reader is a function that takes a node and returns a value or raises `InputError`. `Fields` runs
the readers of a mapping's keys and gathers what all of them found, so that a person sees every
mistake of a file at once. Messages never spell out a phone number, wherever it stands in a file.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, Self, TypeVar, cast

import yaml

from headgate.errors import InputError, Problem
from headgate.numbers import mask_numbers

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D")

MOST_BYTES = 16 * 1024 * 1024
MOST_NESTED = 16  # ours need five; a bomb of brackets must not end in a RecursionError
LONGEST_SHOWN = 60
QUOTE_STARS = "a value that begins with `*` stands in quotes"

_PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2, 10.3.2
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Scalar:
    """A single value: its text, or None for the null."""

    where: str
    name: str
    text: str | None = field(repr=False)


@dataclass(frozen=True)
class Listing:
    """A list of values, each with a place of its own; all bear the name of the list."""

    where: str
    name: str
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    where: str
    node: Node


@dataclass(frozen=True)
class Mapping:
    """Keys and their values, in the order of the file; `problems` names the keys given twice."""

    where: str
    name: str
    entries: dict[str, Entry]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A value written in a way that is not accepted (an alias, a tag): whoever reads it fails."""

    where: str
    name: str
    problem: Problem


Node = Scalar | Listing | Mapping | Refused
Reader = Callable[[Node], T]


def read_yaml(path: Path) -> Node:
    """The file's one document.

    Raises `InputError` for a file that is missing, not a file, too large, not UTF-8, not YAML,
    empty, or holds a second document.
    """
    text = _text_of(path)
    try:
        return _Tree(str(path), yaml.parse(text, Loader=_PARSER)).document()
    except yaml.MarkedYAMLError as error:
        where = _where(str(path), error.problem_mark or error.context_mark)
        raise _problem(where, f"not valid YAML: {_complaint(error)}") from None
    except yaml.YAMLError as error:
        raise _problem(str(path), f"not valid YAML: {mask_numbers(str(error))}") from None


def merged(base: Node, over: Node) -> Node:
    """`over` laid over `base`: mappings key by key, all else replaced. Every value keeps the place
    it was written at, so that an error points into the file that holds it."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        below = entries.get(key)
        entries[key] = Entry(entry.where, merged(below.node, entry.node)) if below else entry
    return Mapping(over.where, over.name, entries, base.problems + over.problems)


class Gathering:
    """Runs readers and keeps the problems of all of them. It is a context manager: values read in
    the block are whole once the block is left, since leaving it raises if anything was wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self.problems:
            raise InputError(*sorted(self.problems, key=_place))

    def read(self, read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What `read` returns. After a failure a stand-in, which nobody sees: see above."""
        try:
            return read(*given, **named)
        except InputError as error:
            self.problems.extend(error.problems)
            return cast(T, None)


class Fields(Gathering):
    """The keys of one mapping, read by name; a key that nobody asked for is a problem."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        if not isinstance(node, Mapping):
            refuse(node, "a mapping (key: value)")
        self._node = node
        self._asked: list[str] = []
        self._missing: dict[str, Problem] = {}
        self.problems.extend(node.problems)

    def required(self, key: str, read: Reader[T], example: str) -> T:
        """The value of `key`; `example` is what a person could have written."""
        self._asked.append(key)
        entry = self._node.entries.get(key)
        if entry is not None:
            return self.read(read, entry.node)
        what = f"{_below(self._node.name, key)} is missing: expected such as `{key}: {example}`"
        self._missing[key] = Problem(self._node.where, what)
        return cast(T, None)

    def optional(self, key: str, read: Reader[T], default: D) -> T | D:
        """The value of `key`, or `default` where the mapping has no such key."""
        self._asked.append(key)
        entry = self._node.entries.get(key)
        return default if entry is None else self.read(read, entry.node)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for key in self._node.entries.keys() - set(self._asked):
            self._unknown(key)
        self.problems.extend(self._missing.values())
        super().__exit__(kind, error, trace)

    def _unknown(self, key: str) -> None:
        expected = meant(key, self._asked)
        # Whoever mistyped a key is told so once, not also that the right one is missing.
        self._missing.pop(nearest(key, self._asked) or "", None)
        where = self._node.entries[key].where
        name = _below(self._node.name, key)
        self.problems.append(Problem(where, f"unknown key `{name}`: {expected}"))


def listed(read: Reader[T], of: str) -> Reader[tuple[T, ...]]:
    """A reader of lists; `of` says what they hold, in the plural."""

    def read_list(node: Node) -> tuple[T, ...]:
        if not isinstance(node, Listing):
            refuse(node, f"a list of {of}")
        with Gathering() as gathering:
            values = [gathering.read(read, item) for item in node.items]
        return tuple(values)

    return read_list


def pairs(read: Reader[T], of: str) -> Reader[tuple[tuple[str, T], ...]]:
    """A reader of mappings whose keys are free, such as the fields of a hash."""

    def read_pairs(node: Node) -> tuple[tuple[str, T], ...]:
        if not isinstance(node, Mapping):
            refuse(node, f"a mapping of {of}")
        with Gathering() as gathering:
            gathering.problems.extend(node.problems)
            entries = node.entries.items()
            values = [(key, gathering.read(read, entry.node)) for key, entry in entries]
        return tuple(values)

    return read_pairs


def refuse(node: Node, expected: str) -> NoReturn:
    """Raises the `InputError` that says what stands at the node and what was expected."""
    if isinstance(node, Refused):
        raise InputError(node.problem)
    fail(node, f"expected {expected}, found {_found(node)}")


def fail(node: Node, what: str) -> NoReturn:
    """Raises an `InputError` about the node, in words of the caller's."""
    raise _problem(node.where, f"{node.name}: {what}" if node.name else what)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that a person who wrote `word` is likely to have had in mind."""
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def meant(word: str, choices: Iterable[str]) -> str:
    """The end of a message about a word that is none of the choices."""
    choices = list(choices)
    close = nearest(word, choices)
    return f"did you mean `{close}`?" if close else f"expected {alternatives(choices)}"


def alternatives(choices: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last


def shown(text: str) -> str:
    """A person's own text inside a message: `legible`, and in backquotes."""
    return f"`{legible(text)}`"


def legible(text: str) -> str:
    """The text made printable, short, and without phone numbers."""
    printable = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    safe = mask_numbers("".join(printable))
    return safe if len(safe) <= LONGEST_SHOWN else safe[: LONGEST_SHOWN - 1] + "…"


class _Tree:
    """Builds the tree from the parser's events. Not from `yaml.compose`, which lies one layer
    above: there an alias is already its value, and a tag that was written is like one guessed."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events

    def document(self) -> Node:
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._empty()
        root = self._node(next(self._events), "", 0)
        next(self._events)  # the document ends
        following = next(self._events)
        if isinstance(following, yaml.DocumentStartEvent):
            where = _where(self._file, following.start_mark)
            raise _problem(where, "a second document begins here: expected one")
        if isinstance(root, Scalar) and root.text is None:
            self._empty()
        return root

    def _empty(self) -> NoReturn:
        raise _problem(self._file, "the file is empty: expected a mapping (key: value)")

    def _node(self, event: Any, name: str, depth: int) -> Node:
        where = _where(self._file, event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            alias = f"the alias {shown(f'*{event.anchor}')} is not accepted: {QUOTE_STARS}"
            return _refused(where, name, alias)
        if depth > MOST_NESTED:
            raise _problem(where, f"nested too deeply: expected at most {MOST_NESTED} levels")
        node = self._value(event, where, name, depth)
        if event.tag is not None:
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            tag = f"the tag {shown(written)} is not accepted: every value is a text anyway"
            return _refused(where, name, tag)
        return node

    def _value(self, event: Any, where: str, name: str, depth: int) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(where, name, tuple(self._items(name, depth)))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(where, name, depth)
        null = event.implicit[0] and event.value in _NULLS  # plain, as opposed to quoted
        return Scalar(where, name, None if null else event.value)

    def _items(self, name: str, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, name, depth + 1)

    def _mapping(self, where: str, name: str, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        problems: list[Problem] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            entry = Entry(_where(self._file, event.start_mark), self._under(key, name, depth))
            if key in entries:
                line = entries[key].where.split(":")[-2]
                twice = f"the key `{_below(name, key)}` is given twice, first in line {line}"
                problems.append(Problem(entry.where, twice))
            entries.setdefault(key, entry)
        return Mapping(where, name, entries, tuple(problems))

    def _under(self, key: str, name: str, depth: int) -> Node:
        return self._node(next(self._events), _below(name, key), depth + 1)

    def _key(self, event: Any) -> str:
        where = _where(self._file, event.start_mark)
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
            raise _problem(where, "expected a plain word as key")
        return event.value


def _refused(where: str, name: str, what: str) -> Refused:
    return Refused(where, name, Problem(where, f"{name}: {what}" if name else what))


def _text_of(path: Path) -> str:
    raw = _bytes_of(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _spot(path, raw[: error.start].decode("utf-8", "replace"))
        raise _problem(where, f"not UTF-8: found the byte 0x{raw[error.start]:02x}") from None
    if odd := _UNPRINTABLE.search(text):
        where = _spot(path, text[: odd.start()])
        raise _problem(where, f"found the control character U+{ord(odd[0]):04X}: expected text")
    return text


def _bytes_of(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for ever
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a special file"
            raise _problem(str(path), f"this is {kind}: expected a YAML file")
        if status.st_size > MOST_BYTES:
            raise _problem(str(path), f"the file is larger than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise _problem(str(path), "there is no such file: expected a YAML file") from None
    except OSError as error:
        raise _problem(str(path), f"the file cannot be read: {error.strerror}") from None


def _spot(path: Path, before: str) -> str:
    line = before.count("\n")
    return f"{path}:{line + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _where(file: str, mark: Any) -> str:
    return file if mark is None else f"{file}:{mark.line + 1}:{mark.column + 1}"


def _place(problem: Problem) -> tuple[str, int, int]:
    """For sorting: the file, then line and column as numbers."""
    match = re.fullmatch(r"(.*):(\d+):(\d+)", problem.where, re.DOTALL)
    return (match[1], int(match[2]), int(match[3])) if match else (problem.where, 0, 0)


def _complaint(error: yaml.MarkedYAMLError) -> str:
    if error.context == "while scanning an alias":  # most likely an unquoted `*.example`
        return QUOTE_STARS
    what = mask_numbers(error.problem or "unreadable")
    begun, noticed = error.context_mark, error.problem_mark
    if begun is None or noticed is None or begun.line == noticed.line:
        return what
    return f"{what} ({error.context} that begins in line {begun.line + 1})"


def _below(name: str, key: str) -> str:
    return f"{name}.{legible(key)}" if name else legible(key)


def _found(node: Node) -> str:
    if isinstance(node, Scalar):
        if node.text is None:
            return "nothing"
        return shown(node.text) if node.text else "an empty text"
    return "a list" if isinstance(node, Listing) else "a mapping"


def _problem(where: str, what: str) -> InputError:
    return InputError(Problem(where, what))
