"""Tokens: what a request is known again by, in the places and shapes that ids have in life.

No place and no shape is common to all, so that none of them shows a gateway that it is on trial.
Every name and value here is one that ordinary sites use.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from headgate.agents.marks import LONGEST, SHORTEST

_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"


def _signs(signs: str) -> bytes:
    """What makes any bytes these signs, each about as often as another."""
    return (signs * (256 // len(signs) + 1))[:256].encode()


_SHAPES: tuple[tuple[bytes, tuple[int, ...]], ...] = (
    (_signs(_DIGITS + _LOWER), (12, 13, 14, 15, 16, 18, 20, 24, 26)),
    (_signs(_DIGITS + _LOWER.upper()), (12, 13, 14, 16, 20)),
    (_signs(_DIGITS + "abcdef"), (12, 16, 20, 24, 32)),
    (_signs(_DIGITS + "ABCDEF"), (12, 16, 24, 32)),
    (_signs(_DIGITS + _LOWER + _LOWER.upper()), (14, 16, 17, 20, 22, 27)),
)
assert all(SHORTEST <= length <= LONGEST for _, lengths in _SHAPES for length in lengths)

# Reports mask what may be a number: a token that held one could not be looked up.
_LIKE_A_NUMBER = re.compile(r"[0-9]{8}|^[0-9]+$")


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SLUG_WORDS = _several(
    "autumn best big book budget city cup deal derby election family festival film final five free "
    "garden gift guide health holiday home house how interview ireland jobs kitchen last league "
    "london market mobile money music new night offer park phone photos plan premier price queen "
    "rail recipe review sale school season show spring star storm summer ten ticket top tour train "
    "travel tv uk video weather week why winner winter world"
)

_ID_NAMES = _several(
    "id ref sid q utm_id v s t p pid cid uid item sku article story key hash h cb rnd _ session "
    "visit click gclid fbclid source from token post doc u r x nid aid oid code vid tid basket "
    "order track"
)
_SESSION_NAMES = _several(
    "session sid PHPSESSID JSESSIONID ASP.NET_SessionId _ga uid visitor sessionid csrftoken "
    "__cfduid auth SESS connect.sid _session_id optimizelyEndUserId s_vi guest_id"
)

_FORM_NAMES = _several(
    "q query search comment message text name title subject place city team note reason topic page "
    "sort filter choice answer"
)

_PAGE_ENDS = ("", "", "", "", ".html", ".html", ".htm", ".php", ".aspx", ".jsp", "/")
_FILE_ENDS = (".jpg", ".png", ".gif", ".js", ".css")

# When earlier visits were: from 2012 to 2024, in seconds.
_TIMES = (1_325_400_000, 1_735_000_000)


def draw(rng: random.Random) -> str:
    """A token: 12 to 32 letters and digits, not all of them digits."""
    while True:
        signs, lengths = rng.choice(_SHAPES)
        token = rng.randbytes(rng.choice(lengths)).translate(signs).decode()
        if not _LIKE_A_NUMBER.search(token):
            return token


def words(rng: random.Random, most: int = 4) -> str:
    """What titles become in a URL: `winter-sale-guide`."""
    return "-".join(rng.sample(_SLUG_WORDS, rng.randint(1, most)))


def form(rng: random.Random, least: int = 0) -> bytes:
    """What a browser sends for a form that was filled in, of `least` bytes or some more."""
    names = rng.sample(_FORM_NAMES, len(_FORM_NAMES))
    fields: list[str] = []
    while not fields or sum(map(len, fields)) < least:
        name = names[len(fields) % len(names)]
        fields.append(f"{name}={'+'.join(rng.choices(_SLUG_WORDS, k=rng.randint(1, 12)))}")
    return "&".join(fields).encode()


def below(rng: random.Random, page: str, token: str, *, files: bool = True) -> str:
    """A path below `page` with the token in it: an article's, a product's, or a file's (of which
    only a GET or HEAD is ordinary)."""
    if rng.random() < 0.08:
        return f"{page}/{words(rng, 1)}.jsp;jsessionid={token}"
    year, month = rng.randint(2009, 2025), rng.randint(1, 12)
    parent = rng.choice(
        (page, page, f"{page}/{year}", f"{page}/{year}/{month:02}", f"{page}/{words(rng, 1)}")
    )
    name = rng.choice(
        (token, f"{words(rng)}-{token}", f"{words(rng, 2)}_{token}", f"{token}-{words(rng, 3)}")
    )
    return f"{parent}/{name}{rng.choice(_PAGE_ENDS + _FILE_ENDS * files)}"


def beside(rng: random.Random, page: str, *, files: bool = True) -> str:
    """A path below `page`, or itself, for a request whose token stands elsewhere."""
    if rng.random() < 0.3:
        return page
    return f"{page}/{words(rng)}{rng.choice(_PAGE_ENDS + _FILE_ENDS * files)}"


def queried(rng: random.Random, path: str, token: str) -> str:
    """The path with the token as a parameter of its query, often among others."""
    name = rng.choice(_ID_NAMES)
    value = rng.choice(
        (token, token, token, f"{words(rng, 2)}-{token}", f"{rng.randint(1, 9)}.{token}")
    )
    others = {other: given for other, given in _parameters(rng) if other != name}
    pairs = [f"{other}={given}" for other, given in others.items()]
    pairs.insert(rng.randint(0, len(pairs)), f"{name}={value}")
    separator = "&" if "?" in path else "?"
    return f"{path}{separator}{'&'.join(pairs)}"


def _parameters(rng: random.Random) -> Iterator[tuple[str, str]]:
    chosen = rng.sample(_PARAMETERS, rng.choice((0, 0, 1, 1, 2, 3, 4)))
    return ((name, value(rng)) for name, value in chosen)


def _time(rng: random.Random) -> str:
    return str(rng.randrange(*_TIMES))


def _one_of(*values: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(values)


_PARAMETERS: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("page", lambda rng: str(rng.randint(1, 40))),
    ("lang", _one_of("en", "en-GB", "de", "fr", "cy", "es", "pl")),
    ("utm_source", _one_of("newsletter", "twitter", "facebook", "google", "partner", "app")),
    ("utm_medium", _one_of("email", "social", "cpc", "referral", "banner")),
    ("utm_campaign", words),
    ("sort", _one_of("price", "date", "name", "relevance", "-price")),
    ("w", _one_of("160", "240", "320", "375", "480", "640", "1080")),
    ("ts", _time),
    ("category", lambda rng: words(rng, 1)),
    ("search", lambda rng: words(rng, 3).replace("-", "+")),
    ("view", _one_of("list", "grid", "print", "mobile", "full")),
    ("limit", _one_of("10", "20", "25", "50")),
    ("format", _one_of("html", "json", "xml", "amp")),
    ("d", lambda rng: f"{rng.randint(2009, 2025)}-{rng.randint(1, 12):02}"),
)


def cookie(rng: random.Random, token: str) -> str:
    """A Cookie field's value (RFC 6265, 4.2.1) with the token in it, often among others."""
    name = rng.choice(_SESSION_NAMES)
    value = f"GA1.2.{token}" if name == "_ga" else token
    pairs = [*_crumbs(rng, rng.choice((0, 1, 1, 2, 3)))]
    pairs.insert(rng.randint(0, len(pairs)), f"{name}={value}")
    return "; ".join(pairs)


def other_cookie(rng: random.Random) -> str:
    """A Cookie field's value without a token."""
    return "; ".join(_crumbs(rng, rng.randint(1, 3)))


def _crumbs(rng: random.Random, count: int) -> list[str]:
    return [f"{name}={value(rng)}" for name, value in rng.sample(_CRUMBS, count)]


_CRUMBS: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("lang", _one_of("en", "de", "fr", "en-GB")),
    ("theme", _one_of("dark", "light")),
    ("consent", _one_of("1", "yes", "all", "0")),
    ("_gid", lambda rng: f"GA1.2.{rng.randrange(10**8, 10**9)}.{_time(rng)}"),
    ("has_js", _one_of("1")),
    ("seen", lambda rng: str(rng.randint(1, 30))),
    ("region", words),
    ("__utmz", lambda rng: f"{rng.randrange(10**7, 10**8)}.{_time(rng)}.1.1.utmcsr=(direct)"),
    ("geo", _one_of("GB", "IE", "DE", "GB-LND")),
    ("currency", _one_of("GBP", "EUR", "USD")),
    ("ab", _one_of("a", "b", "control")),
    ("visited", _time),
)
