"""Configs made to be hard to cut: quotes, escapes, braces in Lua, files in files; whole and broken.

All follow from a seed. The broken ones are whole ones with a few characters taken out, put in or
doubled where it hurts.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Files = dict[str, bytes]

_HEAD = "include /etc/nginx/modules-enabled/*.conf;\nevents {}\n"
_BITS = (
    "a",
    "b2",
    "{",
    "}",
    ";",
    "#",
    " ",
    "\t",
    "\n",
    "'",
    '"',
    "\\",
    "\\\\",
    '\\"',
    "\\'",
    "\\n",
    "\\;",
    "\\{",
    "(",
    ")",
    "[",
    "é",
    "%",
    "=",
)
_BARE = (
    "a",
    "b2",
    "}",
    "#",
    "'",
    '"',
    "\\\\",
    '\\"',
    "\\;",
    "\\{",
    "\\}",
    "\\ ",
    "(",
    ")",
    "é",
    "$x",
)
_LUA = (
    "local a = 1\n",
    "-- it's } here\n",
    "--[[ } ]] ",
    "--[==[ ]] } \n ]==] ",
    "--[=no } \n",
    "local s = '}' ",
    'local s = "\\"}" ',
    "local s = [[ } ]] ",
    "local s = [=[ ]] } ' ]=] ",
    "if a then b = { c = {} } end\n",
    "x = y[z[1]] ",
    'local q = "\\\n}" ',
    "local t = {[ [[k}]] ] = 1}\n",
    "a = b --}\n",
    "don't\n",
    '"half\n',
    "a ]] b ",
    "a - - b { }",
    "\\} {",
)
_HURT = "{}[];\"'\\$#()-= \n"


def made(seed: str, count: int) -> list[Files]:
    """So many, whole and broken ones in turn."""
    rng = random.Random(seed)
    return [_broken(rng, _whole(rng)) if index % 2 else _whole(rng) for index in range(count)]


def mutated(seed: str, files: Files, count: int) -> list[Files]:
    """So many broken forms of one config."""
    rng = random.Random(seed)
    return [_broken(rng, files) for _ in range(count)]


def _quoted(rng: random.Random) -> str:
    quote = rng.choice("'\"")
    bits = (bit for bit in rng.choices(_BITS, k=rng.randrange(6)) if bit not in (quote, "\\"))
    return quote + "".join(bits) + quote


def _bare(rng: random.Random) -> str:
    return rng.choice(("a", "b", "c}", "$x", "${x}", "a${x}b", "\\x")) + "".join(
        rng.choices(_BARE, k=rng.randrange(4))
    )


def _word(rng: random.Random) -> str:
    return rng.choice((_quoted, _bare))(rng)


def _gap(rng: random.Random) -> str:
    return rng.choice((" ", " ", " ", "\n", "\t ", "\r\n", " # it's; a {comment}\n  ", "\n\n"))


def _set(rng: random.Random) -> str:
    return f"set{_gap(rng)}$x{_gap(rng)}{_word(rng)}{rng.choice(('', ' '))};"


def _header(rng: random.Random) -> str:
    return f"add_header X-{rng.randrange(9)} {_word(rng)}{rng.choice(('', ' always'))};"


def _lua(rng: random.Random) -> str:
    name = rng.choice(("access", "rewrite", "header_filter", "log", "content"))
    code = "".join(rng.choices(_LUA, k=rng.randrange(6)))
    if rng.random() < 0.2:
        return f"set_by_lua_block $y{_gap(rng)}{{ {code} return 1 }}"
    return f"{name}_by_lua_block{rng.choice(('', ' '))}{{ {code} return }}"


def _condition(rng: random.Random) -> str:
    wanted = rng.choice(("= a", '= "a b"', "!= 'c)'", '~ "^a{2}$"', "~* b\\.c", ""))
    return f"if ($x {wanted}) {{ {_set(rng)} }}" if wanted else f"if ($x){{{_set(rng)}}}"


def _location(rng: random.Random) -> str:
    where = rng.choice(
        ("/", "= /a", "~ ^/b{1,2}", '~ "^/c{2}$"', "^~ /d", "@e", "~* \\.(gif|png)$")
    )
    return f"location {where}{_gap(rng)}{{\n{_location_content(rng)}\n}}"


def _location_content(rng: random.Random) -> str:
    some = [rng.choice((_set, _header, _condition))(rng) for _ in range(rng.randrange(4))]
    return "\n".join([*some, *([_lua(rng)] if rng.random() < 0.4 else [])])


def _map(rng: random.Random) -> str:
    entries = "".join(
        f"{_gap(rng)}{key} {_word(rng)};"
        for key in rng.sample(("a", '"b c"', "~^d{2}", "'~e;'"), 2)
    )
    return f"map $uri $m{rng.randrange(10**6)} {{ default{_gap(rng)}{_word(rng)};{entries} }}"


def _geo(rng: random.Random) -> str:
    return f"geo $g{rng.randrange(10**6)} {{ default 0; 10.0.0.0/8{_gap(rng)}1; include geo.inc; }}"


def _split(rng: random.Random) -> str:
    return f'split_clients "$uri" $s{rng.randrange(10**6)} {{ 50%{_gap(rng)}a; * "b;c"; }}'


def _types(rng: random.Random) -> str:
    return "types { text/html html htm; include more.types; }"


_HTTP: tuple[Callable[[random.Random], str], ...] = (_map, _map, _geo, _split)


def _whole(rng: random.Random) -> Files:
    http = "\n".join(rng.choice(_HTTP)(rng) for _ in range(rng.randrange(3)))
    http += _types(rng) if rng.random() < 0.3 else ""
    inside = "\n".join(_location(rng) for _ in range(rng.randrange(1, 3)))
    more = rng.choice(
        ("include conf.d/*.conf;", 'include "conf.d/b.conf";', "include conf.d/[!b]*;")
    )
    server = f"server {{ listen 80; {_set(rng)} {inside} {more} }}"
    main = f"{_HEAD}http {{ {http}\n{server} }}\n{rng.choice(('', '# the end', '#{'))}"
    return {
        "nginx.conf": main.encode(),
        "geo.inc": b"192.0.2.0/24 2;\n# no more\n",
        "more.types": b"text/plain txt;",
        "conf.d/a.conf": _header(rng).encode(),
        "conf.d/b.conf": f"{_header(rng)}{_set(rng)}".encode(),
        "conf.d/.hidden.conf": b"}",
    }


def _broken(rng: random.Random, files: Files) -> Files:
    path = rng.choice([*[name for name in files if name.endswith(".conf")], "nginx.conf"])
    text = files[path].decode("utf-8", "surrogateescape")
    for _ in range(rng.randrange(1, 3)):
        places = [at for at, char in enumerate(text) if char in _HURT] or [0]
        at = rng.choice(places)
        way = rng.randrange(3)
        put = "" if way == 0 else text[at : at + 1] * 2 if way == 1 else rng.choice(_HURT)
        text = text[:at] + put + text[at + 1 :]
    return {**files, path: text.encode("utf-8", "surrogateescape")}
