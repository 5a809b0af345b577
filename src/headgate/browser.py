"""How a handset's browser writes requests: which header lines, with which values, in which order.

Browsers differ in all three, and one handset's stays the same from request to request. The orders
are those of the browsers named, over plain http (where none sends `Sec-Fetch-…` or client hints).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import cycle

Headers = Sequence[tuple[str, str]]

# Lines whose values each request has for itself.
PER_REQUEST = ("Host", "Referer", "Cookie", "Content-Type", "Content-Length", "Connection")

_LANGUAGES = (
    "en-GB,en;q=0.9",
    "en-GB,en-US;q=0.9,en;q=0.8",
    "en-GB,en;q=0.5",
    "en-gb",
    "en-us",
    "en-US,en;q=0.9",
    "en-GB",
    "en",
    "en, en-GB",
    "cy-GB,cy;q=0.9,en-GB;q=0.8,en;q=0.7",
    "pl-PL,pl;q=0.9,en-GB;q=0.7",
    "de-DE,de;q=0.9,en;q=0.8",
    "fr-FR,fr;q=0.8,en;q=0.5",
    "ro-RO,ro;q=0.9,en-GB;q=0.8,en;q=0.7",
    "es-ES,es;q=0.9",
    "pt-PT,pt;q=0.9,en;q=0.8",
    "en-GB,en;q=0.9,ur;q=0.8",
    "en-IE,en;q=0.9",
)
_WEBKIT_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_FIREFOX_ACCEPT = _WEBKIT_ACCEPT.replace("*/*", "image/avif,image/webp,*/*")
_CHROME_ACCEPTS = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/apng,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
)
_IE_ACCEPTS = (
    "text/html, application/xhtml+xml, */*",
    "image/gif, image/x-xbitmap, image/jpeg, image/pjpeg, application/x-shockwave-flash, */*",
    "image/jpeg, application/x-ms-application, image/gif, application/xaml+xml, image/pjpeg, */*",
)
_WAP_ACCEPTS = (
    "application/vnd.wap.xhtml+xml, application/xhtml+xml, text/vnd.wap.wml, text/html, */*",
    'text/html, application/xhtml+xml;profile="http://www.wapforum.org/xhtml", text/vnd.wap.wml',
    "application/xhtml+xml,text/html,application/vnd.wap.xhtml+xml,image/jpeg,image/png,*/*;q=0.5",
)
_PROFILES = (
    '"http://nds1.nds.nokia.com/uaprof/N6300r100.xml"',
    "http://wap.samsungmobile.com/uaprof/GT-I9100.xml",
    "http://wap.sonyericsson.com/UAprof/W995R101.xml",
    "http://www.blackberry.net/go/mobile/profiles/uaprof/9780_edge/6.0.0.rdf",
    "http://uaprof.vodafone.com/generic/r1.xml",
)
_CHARSETS = ("utf-8, iso-8859-1, utf-16, *;q=0.7", "utf-8,*", "ISO-8859-1,utf-8;q=0.7,*;q=0.3")

_Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Kind:
    """Browsers of one make: those whose user agent holds `agent`. A name in `order` with `?` stands
    for a line that some of them send; `values` are what it may hold, `Connection` among them."""

    agent: str
    order: str
    values: _Values


_CHROME_ORDER = (
    "Host Connection Content-Length Cache-Control? Upgrade-Insecure-Requests? Content-Type DNT? "
    "User-Agent Save-Data? Accept Referer Accept-Encoding Accept-Language Cookie"
)
_CHROME: _Values = {
    "Accept": _CHROME_ACCEPTS,
    "Accept-Encoding": ("gzip, deflate", "gzip,deflate,sdch", "gzip, deflate, br"),
    "Cache-Control": ("max-age=0", "no-cache"),
    "Connection": ("keep-alive", "keep-alive", ""),
    "Save-Data": ("on",),
    "Upgrade-Insecure-Requests": ("1",),
}
_APPS = (
    "com.facebook.katana",
    "com.google.android.gm",
    "com.twitter.android",
    "com.android.browser",
    "com.instagram.android",
)

_KINDS = (
    Kind(
        "Opera Mini|Opera Mobi|Presto",
        "User-Agent Host Accept Accept-Language Accept-Charset? Accept-Encoding Referer Cookie "
        "X-OperaMini-Features? Device-Stock-UA? Connection Content-Length Content-Type",
        {
            "Accept": (
                "text/html, application/xml;q=0.9, application/xhtml+xml, image/png, */*;q=0.1",
            ),
            "Accept-Encoding": ("gzip, deflate", "deflate, gzip, x-gzip, identity, *;q=0"),
            "Accept-Charset": ("iso-8859-1, utf-8, utf-16, *;q=0.1",),
            "X-OperaMini-Features": ("advanced, file_system, camera, folding", "basic, camera"),
            "Device-Stock-UA": ("Nokia5230/51.0.002", "SAMSUNG-GT-S5620/S562XEJC4"),
            "Connection": ("Keep-Alive", "keep-alive", ""),
        },
    ),
    Kind(
        "MSIE|Trident",
        "Accept Referer Accept-Language Content-Type UA-CPU? User-Agent Accept-Encoding "
        "Content-Length Host DNT? Connection Pragma? Cookie",
        {
            "Accept": _IE_ACCEPTS,
            "Accept-Encoding": ("gzip, deflate",),
            "UA-CPU": ("x86", "AMD64", "ARM"),
            "Pragma": ("no-cache",),
            "Connection": ("Keep-Alive",),
        },
    ),
    Kind(
        "Firefox/",
        "Host User-Agent Accept Accept-Language Accept-Encoding Accept-Charset? Content-Type "
        "Content-Length DNT? Connection Referer Cookie Upgrade-Insecure-Requests? Sec-GPC? "
        "Priority?",
        {
            "Accept": (_WEBKIT_ACCEPT, _FIREFOX_ACCEPT),
            "Accept-Encoding": ("gzip, deflate",),
            "Accept-Charset": ("ISO-8859-1,utf-8;q=0.7,*;q=0.7",),
            "Sec-GPC": ("1",),
            "Priority": ("u=0, i",),
            "Upgrade-Insecure-Requests": ("1",),
            "Connection": ("keep-alive",),
        },
    ),
    Kind(
        "BlackBerry",
        "Accept-Charset? User-Agent Accept x-wap-profile? profile? Accept-Language Host "
        "Accept-Encoding? Referer Content-Type Content-Length Cookie Connection",
        {
            "Accept": _WAP_ACCEPTS,
            "x-wap-profile": _PROFILES,
            "profile": _PROFILES,
            "Accept-Encoding": ("gzip, deflate", "gzip"),
            "Connection": ("", "keep-alive"),
        },
    ),
    Kind(
        "Nokia|SonyEricsson|SAMSUNG-",
        "Host Accept Accept-Charset? Accept-Language Accept-Encoding? x-wap-profile? User-Agent "
        "Referer Cookie Content-Length Content-Type Connection",
        {
            "Accept": _WAP_ACCEPTS,
            "Accept-Encoding": ("gzip, deflate, x-gzip, identity; q=0.9", "deflate, gzip"),
            "x-wap-profile": _PROFILES,
            "Connection": ("", "", "Keep-Alive"),
        },
    ),
    Kind(
        r"; wv\)",  # an application's own window
        _CHROME_ORDER.replace("Accept ", "Accept X-Requested-With ", 1),
        {**_CHROME, "X-Requested-With": _APPS},
    ),
    Kind("Chrome/", _CHROME_ORDER, _CHROME),
    Kind(
        "Android.*Version/4.0",
        "Host Connection Referer Accept x-wap-profile? User-Agent Accept-Encoding Accept-Language "
        "Accept-Charset? Content-Type Content-Length Cookie",
        {
            "Accept": (
                "application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,*/*;q=0.5",
                _WEBKIT_ACCEPT,
            ),
            "Accept-Encoding": ("gzip,deflate", "gzip"),
            "x-wap-profile": _PROFILES,
            "Connection": ("keep-alive", ""),
        },
    ),
    Kind(
        "Version/.*Safari|CriOS",
        "Host Content-Type Accept Cookie User-Agent Accept-Language Referer Content-Length "
        "Accept-Encoding Upgrade-Insecure-Requests? Priority? Connection",
        {
            "Accept": (
                _WEBKIT_ACCEPT,
                "*/*",
                "application/xml,application/xhtml+xml,text/html;q=0.9,*/*",
            ),
            "Accept-Encoding": ("gzip, deflate",),
            "Upgrade-Insecure-Requests": ("1",),
            "Priority": ("u=0, i",),
            "Connection": ("keep-alive", "Keep-Alive", ""),
        },
    ),
    Kind(
        "^$",  # a browser that does not say what it is
        "Host Accept? Accept-Language? Content-Type Content-Length Referer Cookie Connection "
        "Accept-Encoding?",
        {
            "Accept": ("*/*", "text/html", *_WAP_ACCEPTS),
            "Accept-Encoding": ("gzip", "identity"),
            "Connection": ("", "Keep-Alive"),
        },
    ),
    Kind(
        "",  # an application
        "Cookie Referer User-Agent Content-Type Content-Length Accept? Accept-Language? Host "
        "Connection Accept-Encoding",
        {
            "Accept": ("application/json", "*/*"),
            "Accept-Encoding": ("gzip",),
            "Connection": ("Keep-Alive",),
        },
    ),
)
_EVERY_KIND: _Values = {
    "Accept-Language": _LANGUAGES, "Accept-Charset": _CHARSETS, "DNT": ("1", "1", "0"),
}  # fmt: skip

_NAMELESS = 12  # one handset in so many does not say what it is


@dataclass(frozen=True)
class Browser:
    """The browser of one handset. `lines` are its header lines in order, with `None` where each
    request has a value of its own; `proxied` names what `Connection` is called before a proxy."""

    agent: str
    lines: tuple[tuple[str, str | None], ...]
    proxied: str = "Connection"

    def head(self, given: Mapping[str, str | None]) -> list[tuple[str, str]]:
        """Its header lines, with the values given in place of its own; no line for a None."""
        values = ((name, given.get(name, value)) for name, value in self.lines)
        return [(name, value) for name, value in values if value is not None]

    @property
    def connection(self) -> str | None:
        """What it says of a connection that it keeps, None where it says nothing."""
        return dict(self.lines).get("Connection")


def dealt(rng: random.Random) -> Iterator[Browser]:
    """Browsers without end, the first thousands of them all different: every user agent is used
    before one is used again."""
    agents = [*user_agents()]
    rng.shuffle(agents)
    turns = cycle(agents)
    seen: set[Browser] = set()
    for number in cycle(range(_NAMELESS)):
        agent = next(turns) if number else ""
        browser = _drawn(rng, agent)
        while browser in seen and len(seen) < 2000:
            browser = _drawn(rng, agent)
        seen.add(browser)
        yield browser


@cache
def user_agents() -> tuple[str, ...]:
    text = resources.files("headgate").joinpath("data", "user_agents.txt").read_text("utf-8")
    return tuple(text.split("\n")[:-1])


def _drawn(rng: random.Random, agent: str) -> Browser:
    kind = _kind_of(agent)
    values = {**_EVERY_KIND, **kind.values, "User-Agent": (agent,)}
    lines = []
    for name in kind.order.split():
        line = name.removesuffix("?")
        if name.endswith("?") and rng.random() < 0.5:
            continue
        value = rng.choice(values[line]) if line in values else None
        lines.append((line, value or None))
    return Browser(agent, tuple(lines), rng.choice(("Connection", "Proxy-Connection")))


@cache
def _kind_of(agent: str) -> Kind:
    return next(kind for kind in _KINDS if re.search(kind.agent, agent))
