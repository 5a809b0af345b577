"""Every branch of a config: what some visits enter and others do not, and the ways into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headgate.reading.chunk import Lua
from headgate.reading.config import VALUES, Config, Directive
from headgate.reading.literal import Branch, Literal, Part, Test, Way, joined
from headgate.reading.luaconditions import Conditions
from headgate.reading.luasyntax import nodes, parsed, required, string_of
from headgate.reading.span import Span
from headgate.reading.statement import Word
from headgate.reading.variables import Variables, primitive, variables_in

MOST_LISTED = 50
_ENTERED = {"if", "location", "server", "limit_except"}
_SIZES = {
    "client_max_body_size": Part.BODY_SIZE,
    "client_body_buffer_size": Part.BODY_SIZE,
    "client_header_buffer_size": Part.HEAD_SIZE,
    "large_client_header_buffers": Part.HEAD_SIZE,
    "proxy_buffer_size": Part.ANSWER_SIZE,
    "proxy_buffers": Part.ANSWER_SIZE,
    "proxy_busy_buffers_size": Part.ANSWER_SIZE,
    "proxy_max_temp_file_size": Part.ANSWER_SIZE,
}
_COUNTS = {"keepalive_requests", "proxy_cache_min_uses", "limit_conn", "worker_connections"}
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)\Z")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_STATUS = re.compile(r"(?:http_)?([1-5][0-9]{2})\Z")
_URL = re.compile(r"https?://([A-Za-z0-9.-]+)(?::[0-9]+)?(/[^\s\"'$]*)?")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]\.?\Z", re.I)
_FILE = re.compile(r"\.(?:lua|conf|so|log|pid|map|inc|html?|types|sock|pem|crt|key)\Z")
_NETWORK = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?\Z")
# Names and addresses in them are the machine's own, or are tried elsewhere.
_NO_PLACES = {"include", "load_module", "server_name", "resolver", "listen", "lua_package_path"}
_FOLDERS = ("/etc/", "/usr/", "/var/", "/run/", "/tmp/", "/dev/", "/proc/")


def branches(config: Config, lua: Lua) -> tuple[Branch, ...]:
    """All branches, in the order of the text, Lua's last. One that has no way in with a literal in
    it, which every visit enters or nothing is known of, is left out."""
    variables = Variables(config)
    found = [*_of_nginx(config, variables), *Conditions(lua.chunks, variables).branches()]
    found += _of_strings(lua)
    return tuple(branch for branch in found if any(branch.ways))


def _of_nginx(config: Config, variables: Variables) -> Iterator[Branch]:
    for directive, around in config.walk():
        if directive.within in VALUES:
            continue
        guard = variables.around(around)
        if directive.name in _ENTERED and directive.block is not None:
            ways = joined(guard, variables.into(directive))
            yield Branch(_opening(directive), tuple(ways))
            if directive.name == "if" and (past := variables.past(directive)):
                yield Branch(_opening(directive), tuple(joined(guard, past)))
        elif directive.block is not None and directive.name in VALUES and directive.args:
            yield from _entries(directive, variables)
        elif directive.block is None:
            yield from _of_simple(directive, guard)


def _opening(directive: Directive) -> Span:
    """From the name to the last word before the brace."""
    first, last = directive.words[0].span, directive.words[-1].span
    return Span(first.file, first.start, last.end, first.line, first.column)


def _entries(directive: Directive, variables: Variables) -> Iterator[Branch]:
    if directive.name in ("types", "charset_map"):
        return
    for span, ways in variables.entries(directive):
        yield Branch(span, tuple(ways))


def _of_simple(directive: Directive, guard: list[Way]) -> Iterator[Branch]:
    alone = [*_of_name(directive), *_mentioned(directive)]
    for literal in alone:
        yield Branch(literal.span, tuple(joined(guard, [(literal,)])))


def _of_name(directive: Directive) -> Iterator[Literal]:
    """What a directive's own arguments are about."""
    name, args = directive.name, directive.args
    if name in _SIZES and args:
        yield from _sizes(_SIZES[name], args[-1])
    elif name in _COUNTS and args and args[-1].text.isdigit():
        yield Literal(Part.COUNT, "", Test.EQUALS, args[-1].text, args[-1].span)
    elif name in ("allow", "deny", "set_real_ip_from") and args and _NETWORK.match(args[0].text):
        yield Literal(Part.ADDRESS, "", Test.WITHIN, args[0].text, args[0].span)
    elif name == "rewrite" and args:
        yield Literal(Part.PATH, "", Test.MATCHES, args[0].text, args[0].span)
    elif name in ("error_page", "proxy_next_upstream", "proxy_cache_valid"):
        yield from _statuses(args)
    elif name == "proxy_intercept_errors" and args and args[0].text == "on":
        yield Literal(Part.STATUS, "", Test.EQUALS, "404", directive.span)
        yield Literal(Part.STATUS, "", Test.EQUALS, "503", directive.span)
    if name in ("proxy_cache", "proxy_cache_key", "proxy_cache_valid"):
        yield Literal(Part.CACHE, "", Test.PRESENT, "", directive.span)


def _sizes(part: Part, word: Word) -> Iterator[Literal]:
    if match := _SIZE.match(word.text):
        size = int(match[1]) * _UNITS[match[2].lower()]
        for test in (Test.BELOW, Test.EQUALS, Test.ABOVE) if size else ():
            yield Literal(part, "", test, str(size), word.span)


def _statuses(words: Sequence[Word]) -> Iterator[Literal]:
    for word in words[: -1 if len(words) > 1 else None]:
        if match := _STATUS.match(word.text):
            yield Literal(Part.STATUS, "", Test.EQUALS, match[1], word.span)
    if words and (match := re.match(r"http_([0-9]{3})\Z", words[-1].text)):
        yield Literal(Part.STATUS, "", Test.EQUALS, match[1], words[-1].span)


def _mentioned(directive: Directive) -> Iterator[Literal]:
    """What is merely used of a visit, and the names of hosts and paths that stand there."""
    for word in directive.args:
        for variable in variables_in(word.text):
            part, name = primitive(variable) or (None, "")
            if part and name and part is not Part.CLOCK:
                yield Literal(part, name, Test.PRESENT, "", word.span)
        if directive.name not in _NO_PLACES:
            yield from _shaped(word.text, word.span)


def _of_strings(lua: Lua) -> Iterator[Branch]:
    """The strings of Lua that look like hosts, paths or addresses, wherever they stand."""
    for chunk in lua.chunks:
        loaded = {start for _, start, _ in required(chunk.code)}
        for node in nodes(parsed(chunk.code)):
            if node.start_byte not in loaded and (text := string_of(node)) is not None:
                span = chunk.span(node.start_byte, node.end_byte)
                for word in _listed(text):
                    for literal in _shaped(word, span):
                        yield Branch(literal.span, ((literal,),))


def _listed(text: str) -> Sequence[str]:
    """The names of a list that is one string; any other text is one of its own."""
    words = text.replace(",", " ").split()
    return words[:MOST_LISTED] if words and all(map(_HOST.match, words)) else [text]


def _shaped(text: str, span: Span) -> Iterator[Literal]:
    """What a text says by its looks."""
    if match := _URL.match(text):
        yield Literal(Part.HOST, "", Test.CASELESS, match[1], span)
        text = match[2] or ""
    if _NETWORK.match(text):
        yield Literal(Part.ADDRESS, "", Test.WITHIN, text, span)
    elif _HOST.match(text) and not _FILE.search(text):
        yield Literal(Part.HOST, "", Test.CASELESS, text, span)
    elif re.match(r"/[\w./-]+\Z", text) and not text.startswith(_FOLDERS):
        yield Literal(Part.PATH, "", Test.STARTS, text, span)
