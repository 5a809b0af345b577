"""What the sites of the simulated internet answer, as different from one another as sites are.

A site is told by its address: server, header lines, their order and the look of its pages stay the
same there. Each answer holds the mark of its receipt (`marks`) in a header line and in its body, so
that an answer out of a cache can be told from one that the gateway made up.
"""

from __future__ import annotations

import functools
import random
import re
import time
from dataclasses import dataclass
from email.utils import formatdate

from headgate.agents import framing, marks

Lines = tuple[tuple[str, str], ...]

_SERVERS = (
    "Apache",
    "Apache",
    "Apache/2.2.22 (Debian)",
    "Apache/2.4.57 (Unix) OpenSSL/1.1.1",
    "nginx",
    "nginx",
    "nginx/1.0.11",
    "nginx/1.24.0",
    "Microsoft-IIS/6.0",
    "Microsoft-IIS/10.0",
    "cloudflare",
    "gws",
    "AkamaiGHost",
    "ATS/9.2.3",
    "LiteSpeed",
    "Apache-Coyote/1.1",
    "openresty",
    "AmazonS3",
    "",
    "",
)
_POWERED_BY = ("PHP/5.3.8", "PHP/7.4.33", "ASP.NET", "Express", "Servlet/3.0", "Phusion Passenger")
_TYPES = (
    "text/html; charset=utf-8",
    "text/html; charset=UTF-8",
    "text/html;charset=UTF-8",
    "text/html; charset=iso-8859-1",
    "text/html",
    "application/xhtml+xml; charset=utf-8",
)
# Few pages may be kept: they are made for one visit. None is kept by a cache that obeys these; the
# empty one leaves it to the cache.
_CACHING: tuple[Lines, ...] = (
    (("Cache-Control", "no-store"),),
    (("Cache-Control", "no-store"),),
    (("Cache-Control", "no-cache, no-store, must-revalidate"), ("Pragma", "no-cache")),
    (
        ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
        ("Cache-Control", "no-store, no-cache, must-revalidate"),
        ("Pragma", "no-cache"),
    ),
    (("Cache-Control", "private, no-store"),),
    (("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"), ("Expires", "0")),
    (("Cache-Control", "private, max-age=0"), ("Expires", "-1")),
    (("Cache-Control", "no-cache"),),
    (),
)
_MARKED = (
    ("ETag", '"{}"'),
    ("ETag", 'W/"{}"'),
    ("ETag", '"{}-gzip"'),
    ("X-Request-Id", "{}"),
    ("X-Trace", "{}"),
    ("X-Correlation-Id", "{}"),
    ("X-Amz-Request-Id", "{}"),
    ("X-Cache-Key", "{}"),
)
_OTHERS = (
    ("Vary", "Accept-Encoding"),
    ("Vary", "User-Agent"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-UA-Compatible", "IE=edge"),
    ("Content-Language", "en"),
    ("P3P", 'CP="NOI DSP COR NID ADM DEV OUR STP"'),
    ("Accept-Ranges", "none"),
    ("Referrer-Policy", "no-referrer-when-downgrade"),
)
_PAGES = (
    """<!doctype html><html lang="en"><head><title>{title}</title>
<meta name="page" content="{mark}"></head><body><h1>{title}</h1><p>{text}</p></body></html>
""",
    """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head>
<body id="p{mark}"><div>{text}</div><!-- {mark} --></body></html>
""",
    """<html>
<head><title>{title}</title></head>
<body><p>{text}</p>
<form action="/search"><input name="q"><input type="hidden" name="csrf" value="{mark}"></form>
</body>
</html>
""",
    """<!DOCTYPE html>
<title>{title}</title>
<script>var page={{id:'{mark}',n:{count}}};</script>
<ul><li>{text}</li></ul>
""",
    """<!DOCTYPE HTML><html><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/style.css?{mark}"></head>
<body class="home"><article><h2>{title}</h2>{text}</article></body></html>""",
    """<html><body data-build="{mark}"><table><tr><td>{title}</td>
<td>{text}</td></tr></table></body></html>""",
)
_TEXT = (
    "about after again archive best book buy city comments contact daily day event film find food "
    "free from game garden great guide health help holiday home house in latest league life list "
    "live local match money more music new news now of offer on online order people photo play "
    "price read report review sale season service shop show sport story team the this time today "
    "top travel video visit watch weather week winter with world year your"
)
_WORDS = tuple(_TEXT.split())

_STATIC = re.compile(rb"\.(gif|jpg|png|css|js)(?=[?;]|$)")
_STATIC_TYPES = {
    b"gif": "image/gif",
    b"jpg": "image/jpeg",
    b"png": "image/png",
    b"css": "text/css",
    b"js": "application/javascript",
}
# The first bytes of each kind of file, up to a comment or text that holds the mark.
_STATIC_BODIES = {
    b"gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xfe\x10%s\x00,",
    b"jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00H\x00H\x00\x00\xff\xfe\x00\x12%s",
    b"png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x18tEXtComment\x00%s",
    b"css": b"/* %s */\nbody{margin:0;font:13px/1.4 Arial,sans-serif}\n",
    b"js": b"(function(){var build='%s';window.build=build})();\n",
}


@dataclass(frozen=True)
class Site:
    """How one site answers: its header lines in their order, `{…}` standing for what changes."""

    lines: Lines
    page: str
    title: str
    content_type: str
    text: tuple[str, ...]


@functools.lru_cache(1 << 14)
def site_at(address: str) -> Site:
    """The site at an address."""
    rng = random.Random(address)
    name, value = rng.choice(_MARKED)
    lines = [("Content-Type", "{type}"), ("Content-Length", "{length}"), (name, value)]
    lines += _sometimes(rng, 0.95, ("Date", "{date}"))
    lines += rng.choice(_CACHING)
    lines += _sometimes(
        rng, 0.25, ("Last-Modified", formatdate(rng.uniform(1.2e9, 1.7e9), usegmt=True))
    )
    lines += _sometimes(rng, 0.25, ("X-Powered-By", rng.choice(_POWERED_BY)))
    lines += rng.sample(_OTHERS, rng.randrange(3))
    if server := rng.choice(_SERVERS):
        lines.append(("Server", server))
    rng.shuffle(lines)
    lines += _sometimes(rng, 0.5, ("Connection", rng.choice(("keep-alive", "Keep-Alive"))))
    text = tuple(rng.choices(_WORDS, k=rng.randrange(8, 160)))
    title = " ".join(rng.choices(_WORDS, k=rng.randrange(1, 5))).title()
    return Site(tuple(lines), rng.choice(_PAGES), title, rng.choice(_TYPES), text)


def _sometimes(rng: random.Random, share: float, line: tuple[str, str]) -> Lines:
    return (line,) if rng.random() < share else ()


def page(request: bytes, number: int, address: str) -> tuple[bytes, bool]:
    """An ordinary answer to a request, and whether the connection stays open."""
    begins = framing.leading_lines(request)
    start, _, fields = request[begins : framing.head_end(request, begins)].partition(b"\n")
    method, _, target = start.rstrip().rpartition(b" ")[0].partition(b" ")
    stays = b"connection: close" not in fields.lower() and not start.rstrip().endswith(b"/1.0")
    site, mark = site_at(address), marks.visit_mark(number)
    content_type, body = _content(site, target, number, mark)
    lines = [
        f"{name}: {_filled(value, mark, content_type, body)}".encode()
        for name, value in site.lines
        if stays or name != "Connection"
    ]
    if not stays:
        lines.append(b"Connection: close")
    answer = b"\r\n".join([b"HTTP/1.1 200 OK", *lines]) + b"\r\n\r\n"
    return answer if method == b"HEAD" else answer + body, stays


def _filled(value: str, mark: bytes, content_type: str, body: bytes) -> str:
    return value.format(
        mark.decode(),
        type=content_type,
        length=len(body),
        date=_date(int(time.time())) if value == "{date}" else "",
    )


@functools.lru_cache(8)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _content(site: Site, target: bytes, number: int, mark: bytes) -> tuple[str, bytes]:
    if static := _STATIC.search(target):
        kind = static[1]
        filler = bytes(range(256)) * (number % 5) if kind in (b"gif", b"jpg", b"png") else b""
        return _STATIC_TYPES[kind], _STATIC_BODIES[kind] % mark + filler
    count = 1 + number % len(site.text)
    body = site.page.format(
        title=site.title, mark=mark.decode(), count=count, text=" ".join(site.text[:count])
    )
    return site.content_type, body.encode()
