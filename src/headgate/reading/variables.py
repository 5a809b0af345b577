"""The variables of a config, followed back to what a visit brings with it.

`if ($told)` says nothing by itself; the map that makes `$told` of `$host` and `$arg_x` does. To
find the ways into a branch, the test of a variable is turned into tests of what it is made from,
until only header lines, arguments, addresses and the like are left.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headgate.reading.config import Config, Directive
from headgate.reading.literal import LOCAL, MOST_WAYS, Literal, Part, Test, Way, holds, joined
from headgate.reading.span import Span
from headgate.reading.statement import Word

MOST_DEEP = 6
MOST_STEPS = 20_000  # in all; the sample gateways take some hundreds
MOST_CHOICES = 200  # of one variable; a list of subscribers has more
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ONE = re.compile(r"\$(?:\{\w+\}|\w+)\Z")

_PRIMITIVE = {
    "host": Part.HOST,
    "http_host": Part.HOST,
    "server_name": Part.HOST,
    "uri": Part.PATH,
    "document_uri": Part.PATH,
    "request_uri": Part.PATH,
    "args": Part.QUERY,
    "query_string": Part.QUERY,
    "request_method": Part.METHOD,
    "server_protocol": Part.VERSION,
    "remote_addr": Part.ADDRESS,
    "binary_remote_addr": Part.ADDRESS,
    "realip_remote_addr": Part.ADDRESS,
    "content_length": Part.BODY_SIZE,
    "http_content_length": Part.BODY_SIZE,
    "request": Part.LINES,
    "request_length": Part.WHOLE_SIZE,
    "request_body": Part.FIELD,
    "status": Part.STATUS,
    "upstream_status": Part.STATUS,
    "connection_requests": Part.COUNT,
    "time_iso8601": Part.CLOCK,
    "time_local": Part.CLOCK,
    "msec": Part.CLOCK,
}
_NAMED = {
    "arg_": Part.ARGUMENT,
    "cookie_": Part.COOKIE,
    "http_": Part.HEADER,
    "upstream_http_": Part.ANSWER_HEADER,
    "sent_http_": Part.ANSWER_HEADER,
}
_DASHED = {Part.HEADER, Part.ANSWER_HEADER}
_DIGITS = re.compile(r"[1-9][0-9]{4,14}")
_LAST_DIGITS = re.compile(r"[0-9]{2}\$\Z")  # of a regex
_PARAMETERS = {"default", "hostnames", "volatile", "include", "ranges", "delete", "proxy"}


def primitive(variable: str) -> tuple[Part, str] | None:
    """What of a visit a variable of nginx's own holds (ngx_http_variables.c); None of others."""
    if part := _PRIMITIVE.get(variable):
        return part, LOCAL if variable.startswith("time_") else ""
    if variable == "content_type":
        return Part.HEADER, "content-type"
    for prefix, part in _NAMED.items():
        if variable.startswith(prefix) and variable != prefix:
            name = variable.removeprefix(prefix)
            return part, name.replace("_", "-") if part in _DASHED else name
    return None


def variables_in(template: str) -> list[str]:
    return [match[1] or match[2] for match in _VARIABLE.finditer(template)]


@dataclass(frozen=True)
class _Choice:
    """What a variable becomes: `value`, where the test of `source` holds; by an assignment, where
    the blocks around it are entered."""

    value: str
    source: str
    test: Test | None
    key: str
    span: Span
    around: tuple[Directive, ...] = ()


class Variables:
    """The variables that a config makes, each with what it may become."""

    def __init__(self, config: Config) -> None:
        self._choices: dict[str, list[_Choice]] = defaultdict(list)
        self._known: dict[tuple[str, Test, str, Span], list[Way]] = {}
        self._steps = 0
        for directive, around in config.walk():
            if directive.block is not None and directive.name in _MAKERS and directive.args:
                variable = directive.args[-1].text.removeprefix("$")
                self._choices[variable] += _MAKERS[directive.name](directive)
            elif directive.name == "set" and len(directive.args) == 2:
                name, value = directive.args
                choice = _Choice(value.text, "", None, "", directive.span, around)
                self._choices[name.text.removeprefix("$")].append(choice)

    def ways(self, template: str, test: Test, value: str, span: Span, depth: int = 0) -> list[Way]:
        """The ways in which a template passes a test; one without literals, where nobody knows."""
        names = variables_in(template)
        if not names:
            return [()] if holds(test, value, template) else []
        if _ONE.match(template):
            return self._of_variable(names[0], test, value, span, depth)
        return self._of_several(template, test, value, span, depth)

    def entries(self, directive: Directive) -> Iterator[tuple[Span, list[Way]]]:
        """The places of entries of a map, a geo or a split, with the ways to each."""
        for choice in _some(list(_MAKERS[directive.name](directive))):
            if choice.test is not None:
                yield choice.span, self._to(choice, 0)

    def _of_variable(
        self, variable: str, test: Test, value: str, span: Span, depth: int
    ) -> list[Way]:
        if variable not in self._choices:
            known = primitive(variable)
            return [(Literal(*known, test, value, span),)] if known else [_unknown(value, span)]
        key = variable, test, value, span
        if key not in self._known:
            self._known[key] = [()]  # for one that is made of itself
            self._known[key] = self._chosen(variable, test, value, span, depth)
        return self._known[key]

    def _chosen(self, variable: str, test: Test, value: str, span: Span, depth: int) -> list[Way]:
        """The ways to those of a variable's choices that pass a test."""
        if depth == MOST_DEEP:
            return [()]
        found: list[Way] = []
        for choice in _some(self._choices[variable]):
            passing = self.ways(choice.value, test, value, span, depth + 1)
            if passing:
                found += joined(self._to(choice, depth + 1), passing)
        return list(dict.fromkeys(found))[:MOST_WAYS]

    def _to(self, choice: _Choice, depth: int) -> list[Way]:
        """The ways that lead to a choice."""
        if choice.test is None:
            return self.around(choice.around, depth)
        if choice.source == "%":
            return [(Literal(Part.CHANCE, "", Test.EQUALS, choice.key, choice.span),)]
        return self.ways(choice.source, choice.test, choice.key, choice.span, depth)

    def around(self, blocks: Sequence[Directive], depth: int = 0) -> list[Way]:
        """The ways through the conditions of blocks that stand in each other."""
        found: list[Way] = [()]
        for block in blocks:
            found = joined(found, self.into(block, depth))
        return found

    def into(self, block: Directive, depth: int = 0) -> list[Way]:
        """The ways into one block, whatever is around it."""
        if block.name == "if":
            return self.condition(block, depth)
        if block.name == "location":
            return location(block)
        if block.name == "server":
            return server(block)
        if block.name == "limit_except":
            methods = [word.text for word in block.args]
            return [tuple(Literal(Part.METHOD, "", Test.OTHER, one, block.span) for one in methods)]
        return [()]

    def condition(self, block: Directive, depth: int = 0) -> list[Way]:
        """The ways that pass an `if` (ngx_http_rewrite_if_condition)."""
        words = _inside([word.text for word in block.args])
        span = block.args[0].span if block.args else block.span
        if len(words) == 1:
            return self.ways(words[0], Test.PRESENT, "", span, depth)
        if len(words) == 3 and words[1] in _OPERATORS:
            test = _OPERATORS[words[1]]
            if test is Test.OTHER and not words[2]:
                test = Test.PRESENT
            elif test is Test.EQUALS and not words[2]:
                test = Test.ABSENT
            return self.ways(words[0], test, words[2], span, depth)
        return [()]

    def past(self, block: Directive) -> list[Way]:
        """The ways past an `if` that nearly all visits enter, since it asks for what is not so."""
        words = _inside([word.text for word in block.args])
        if len(words) == 3 and words[1] in _PAST and words[2]:
            return self.ways(words[0], _PAST[words[1]], words[2], block.args[0].span)
        return []

    def _of_several(
        self, template: str, test: Test, value: str, span: Span, depth: int
    ) -> list[Way]:
        """A template of several variables: those that the config makes are tried with what they
        may become, until only what a visit brings is left open."""
        names = variables_in(template)
        made = [name for name in dict.fromkeys(names) if name in self._choices]
        outcomes = [
            list(dict.fromkeys(one.value for one in _some(self._choices[name]))) for name in made
        ]
        found: list[Way] = []
        for values in itertools.islice(itertools.product(*outcomes), 4 * MOST_WAYS):
            self._steps += 1
            if self._steps > MOST_STEPS:
                return found[:MOST_WAYS] or [()]
            filled = _filled(template, dict(zip(made, values, strict=True)))
            for way in _open_ways(filled, test, value, span):
                needed = [way]
                for name, wanted in zip(made, values, strict=True):
                    if depth < MOST_DEEP:
                        more = self._of_variable(name, Test.EQUALS, wanted, span, depth + 1)
                        needed = joined(needed, more)
                found += needed
        return list(dict.fromkeys(found))[:MOST_WAYS]


_MODIFIERS = {
    "=": Test.EQUALS,
    "~": Test.MATCHES,
    "~*": Test.MATCHES_CASELESS,
    "^~": Test.STARTS,
}


def location(block: Directive) -> list[Way]:
    """The ways into a location by its path (ngx_http_core_location); a named one has none."""
    words = [word.text for word in block.args]
    if len(words) == 1:
        modifier = re.match(r"=|~\*|~|\^~", words[0])
        words = [modifier[0], words[0][modifier.end() :]] if modifier else ["^~", words[0]]
    if len(words) != 2 or words[0] not in _MODIFIERS:
        return [()]
    if (words[1] == "/" and words[0] == "^~") or words[1].startswith("@"):
        return [()]
    return [(Literal(Part.PATH, "", _MODIFIERS[words[0]], words[1], block.args[-1].span),)]


def server(block: Directive) -> list[Way]:
    """The ways into a server by its names; every host comes to one without names."""
    found: list[Way] = []
    for directive in block.inner:
        if directive.name == "server_name":
            found += [(_name(word),) for word in directive.args if word.text not in ("", "_")]
    return found[:MOST_WAYS] or [()]


def _name(word: Word) -> Literal:
    if word.text.startswith("~"):
        return Literal(Part.HOST, "", Test.MATCHES, word.text[1:], word.span)
    if word.text.startswith(("*.", ".")) or word.text.endswith(".*"):
        return Literal(Part.HOST, "", Test.MATCHES_CASELESS, wildcard(word.text), word.span)
    return Literal(Part.HOST, "", Test.CASELESS, word.text, word.span)


_OPERATORS = {
    "=": Test.EQUALS,
    "!=": Test.OTHER,
    "~": Test.MATCHES,
    "~*": Test.MATCHES_CASELESS,
    "!~": Test.MISMATCHES,
    "!~*": Test.MISMATCHES,
}

_PAST = {"!=": Test.EQUALS, "!~": Test.MATCHES, "!~*": Test.MATCHES_CASELESS}


def _some(choices: Sequence[_Choice]) -> Sequence[_Choice]:
    """The first and the last of very many."""
    half = MOST_CHOICES // 2
    return choices if len(choices) <= MOST_CHOICES else [*choices[:half], *choices[-half:]]


def _unknown(value: str, span: Span) -> Way:
    """The way of a variable that comes from elsewhere, as the session does: if a number is what it
    is compared with, that of the subscriber."""
    if _LAST_DIGITS.search(value):
        return (Literal(Part.NUMBER, "", Test.MATCHES, value, span),)
    digits = _DIGITS.search(value)
    return (Literal(Part.NUMBER, "", Test.STARTS, digits[0], span),) if digits else ()


def _inside(words: list[str]) -> list[str]:
    """The words of a condition without its parentheses."""
    if words:
        words[0] = words[0].removeprefix("(")
        words[-1] = words[-1].removesuffix(")")
    return [word for index, word in enumerate(words) if word or 0 < index < len(words) - 1]


def _filled(template: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[2], match[0])

    return _VARIABLE.sub(value, template)


def _open_ways(template: str, test: Test, value: str, span: Span) -> list[Way]:
    """The ways in which a template of what a visit brings passes a test: a text is shared out
    among its parts."""
    names = variables_in(template)
    if not names:
        return [()] if holds(test, value, template) else []
    if test not in (Test.EQUALS, Test.CASELESS):
        return _by_halves(template, test, value, span)
    pieces = _VARIABLE.split(template)[::3]
    shape = "(.*?)".join(re.escape(piece) for piece in pieces)
    match = re.fullmatch(shape, value, re.DOTALL)
    if not match:
        return []
    known = [(primitive(name), text) for name, text in zip(names, match.groups(), strict=True)]
    return [tuple(Literal(*of, test, text, span) for of, text in known if of and text)]


def _by_halves(template: str, test: Test, value: str, span: Span) -> list[Way]:
    """A regex for several parts at once: cut where the parts are, each gets its own piece."""
    names = variables_in(template)
    separators = _VARIABLE.split(template)[::3][1:-1]
    pieces = [value.removeprefix("^").removesuffix("$")]
    for separator in separators:
        escaped = re.escape(separator)
        for cut in (separator, escaped):
            if cut and cut in pieces[-1]:
                before, _, after = pieces[-1].partition(cut)
                pieces[-1:] = [before, after]
                break
    if len(pieces) != len(names) or test is Test.MISMATCHES:
        return [tuple(_part(name, Test.PRESENT, "", span) for name in names if primitive(name))]
    found = zip(names, pieces, strict=True)
    parts = [_part(name, test, f"^{piece}", span) for name, piece in found if primitive(name)]
    return [tuple(parts)]


def _part(name: str, test: Test, value: str, span: Span) -> Literal:
    known = primitive(name)
    assert known
    return Literal(*known, test, value, span)


def _key(word: Word, *, hosts: bool) -> tuple[Test, str]:
    """How a map compares with one of its keys (ngx_http_map_module.c)."""
    text = word.text
    if text.startswith("~*"):
        return Test.MATCHES_CASELESS, text[2:]
    if text.startswith("~"):
        return Test.MATCHES, text[1:]
    if hosts and (text.startswith(("*.", ".")) or text.endswith(".*")):
        return Test.MATCHES_CASELESS, wildcard(text)
    return Test.CASELESS, text.removeprefix("\\")


def wildcard(name: str) -> str:
    """A host name with a wildcard as a regex (ngx_http_server_names)."""
    if name.startswith("."):
        return rf"^([a-z0-9-]+\.)?{re.escape(name[1:])}$"
    return "^" + re.escape(name).replace(r"\*", "[a-z0-9.-]+") + "$"


def _map(directive: Directive) -> Iterator[_Choice]:
    source = directive.args[0].text
    entries = list(directive.inner)
    hosts = any(entry.name == "hostnames" for entry in entries)
    for entry in entries:
        if entry.name not in _PARAMETERS and entry.args:
            test, key = _key(entry.words[0], hosts=hosts)
            yield _Choice(entry.args[0].text, source, test, key, entry.span)
        elif entry.name in ("default", "include") and entry.args:
            # A file that is not there yet holds what nobody knows.
            value = "$_" if entry.name == "include" else entry.args[0].text
            yield _Choice(value, "", None, "", entry.span)


def _geo(directive: Directive) -> Iterator[_Choice]:
    source = directive.args[0].text if len(directive.args) == 2 else "$remote_addr"
    for entry in directive.inner:
        if entry.name not in _PARAMETERS and entry.args:
            yield _Choice(entry.args[0].text, source, Test.WITHIN, entry.name, entry.span)
        elif entry.name == "default" and entry.args:
            yield _Choice(entry.args[0].text, "", None, "", entry.span)


def _split(directive: Directive) -> Iterator[_Choice]:
    for entry in directive.inner:
        if entry.args:
            share = entry.name.removesuffix("%")
            value = str(float(share) / 100) if re.fullmatch(r"[0-9.]+", share) else "0.5"
            yield _Choice(entry.args[0].text, "%", Test.EQUALS, value, entry.span)


_MAKERS = {"map": _map, "geo": _geo, "split_clients": _split}
