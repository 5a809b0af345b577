"""Sites whose answers set a gateway to work again: errors, redirects, orders, pages to keep.

A gateway that falls back, tries again, follows, assembles or keeps makes requests and answers of
its own; none of them may carry a number any further than the first one could.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from headgate.answer import Answer
from headgate.families import Family
from headgate.plan import AGENT, COOKIE, REFERER, Place, Plan
from headgate.request import Connection, Manner

_PAGE = b"<!doctype html><title>Welcome</title><!-- {visit} --><p>Hello."
_RECEIVED = _PAGE + b"<h1>What your browser sends</h1><pre>\n{received}</pre>"
# Above what any answer here takes, 0.3 s and the gateway's own work.
_MANNER = Manner(patience=2.0)

# The registered ones (RFC 9110, 15.5 and 15.6, and IANA's registry), and one that is a joke.
ERRORS = (
    b"400 Bad Request",
    b"401 Unauthorized",
    b"402 Payment Required",
    b"403 Forbidden",
    b"404 Not Found",
    b"405 Method Not Allowed",
    b"406 Not Acceptable",
    b"407 Proxy Authentication Required",
    b"408 Request Timeout",
    b"409 Conflict",
    b"410 Gone",
    b"411 Length Required",
    b"412 Precondition Failed",
    b"413 Content Too Large",
    b"414 URI Too Long",
    b"415 Unsupported Media Type",
    b"416 Range Not Satisfiable",
    b"417 Expectation Failed",
    b"418 I'm a teapot",
    b"421 Misdirected Request",
    b"422 Unprocessable Content",
    b"423 Locked",
    b"424 Failed Dependency",
    b"425 Too Early",
    b"426 Upgrade Required",
    b"428 Precondition Required",
    b"429 Too Many Requests",
    b"431 Request Header Fields Too Large",
    b"451 Unavailable For Legal Reasons",
    b"500 Internal Server Error",
    b"501 Not Implemented",
    b"502 Bad Gateway",
    b"503 Service Unavailable",
    b"504 Gateway Timeout",
    b"505 HTTP Version Not Supported",
    b"506 Variant Also Negotiates",
    b"507 Insufficient Storage",
    b"508 Loop Detected",
    b"511 Network Authentication Required",
)
REDIRECTS = (b"301 Moved Permanently", b"302 Found", b"303 See Other", b"307 Temporary Redirect")

# What locations of gateways are called; where an order leads to one, it is entered by itself.
INTERNAL = (
    "/",
    "/internal/",
    "/private/",
    "/protected/",
    "/download/",
    "/files/",
    "/secure/",
    "/error/",
    "/50x.html",
    "/fallback/",
    "/proxy/",
    "/upstream/",
    "/billing/",
    "/auth",
    "@fallback",
    "@error",
    "@upstream",
    "@proxy",
)

# How long a page may be kept, and by what it is told apart.
_KEEPING = (
    b"Cache-Control: public, max-age=60",
    b"Cache-Control: public, max-age=60\r\nVary: User-Agent",
    b"Cache-Control: public, s-maxage=60\r\nVary: Accept-Encoding, Accept-Language",
    b'Expires: Thu, 31 Dec 2037 23:55:55 GMT\r\nETag: "67ab43"',
    b"X-Accel-Expires: 60",
    b"Last-Modified: Mon, 02 Jan 2012 09:00:00 GMT",
)
# How many handsets ask for one and the same page.
READERS = 6


def page(status: bytes, *lines: bytes, body: bytes = _PAGE) -> Answer:
    head = (b"HTTP/1.1 " + status, b"Content-Type: text/html", *lines)
    return Answer(b"\r\n".join(head), body)


_SWITCHED = replace(
    page(b"101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"),
    body=b"\x81\x05Hello",  # a frame of RFC 6455
    framed=False,
)
_UPGRADE = (("Upgrade", "websocket"), ("Connection", "Upgrade"))


def _answers(plan: Plan) -> Iterator[Answer]:
    yield from _redirects(plan)
    yield from _orders()
    yield from _parts(plan)
    yield from _halting()
    yield from _interim()


def _redirects(plan: Plan) -> Iterator[Answer]:
    for status, elsewhere in zip(cycle(REDIRECTS), _elsewhere(plan)):
        yield replace(page(status, b"Location: " + elsewhere), once=True)
    ordinary = plan.ordinary_hosts(1)[0].encode()
    url = b"http://" + ordinary + b"/?id={token}"
    yield page(b"200 OK", b"Refresh: 0; url=" + url)
    yield page(b"200 OK", b"Link: <" + url + b">; rel=preload")
    yield page(b"200 OK", b"Content-Location: " + url)
    yield page(b"201 Created", b"Location: " + url)
    yield page(b"200 OK", b"Set-Cookie: visit={token}; Domain=.example; Path=/")


def _elsewhere(plan: Plan) -> Iterator[bytes]:
    """Where redirects lead: to ordinary sites, to permitted ones, and on at the same site."""
    hosts = [*plan.ordinary_hosts(4), *(plan.host_of(site) for site in plan.sites[:3])]
    for host in hosts:
        yield f"http://{host}/?id={{token}}".encode()
        yield f"//{host}/news?id={{token}}".encode()
    yield b"/?id={token}"
    yield b"?page=2&id={token}"
    yield f"https://{hosts[0]}/?id={{token}}".encode()


def _orders() -> Iterator[Answer]:
    """Header lines by which a site may steer nginx (ngx_http_proxy_module, `X-Accel-...`)."""
    for path in INTERNAL:
        to = path if path.startswith("@") else f"{path}?id={{token}}"
        yield replace(page(b"200 OK", f"X-Accel-Redirect: {to}".encode()), once=True)
    yield page(b"200 OK", b"X-Sendfile: /etc/hostname", b"X-LIGHTTPD-send-file: /")
    yield page(b"200 OK", b"X-Accel-Buffering: no", b"X-Accel-Charset: koi8-r")
    yield page(b"200 OK", b"X-Accel-Limit-Rate: 1000000")


def _parts(plan: Plan) -> Iterator[Answer]:
    """Pages that want to be assembled (SSI, ESI), with what the gateway knows sent on."""
    ordinary = plan.ordinary_hosts(1)[0].encode()
    names = (plan.policy.header, "x-msisdn", "msisdn")
    for name in dict.fromkeys(name.lower().replace("-", "_") for name in names):
        for variable in (f"http_{name}", name):
            echo = f'<!--#echo var="{variable}" encoding="none" -->'.encode()
            yield _assembled(b'<img src="http://%s/pixel?n=%s">' % (ordinary, echo))
    for path in ("/", "/internal/", "/fallback/"):
        yield _assembled(f'<!--#include virtual="{path}?id={{token}}" -->'.encode())
    yield _assembled(b'<!--#include virtual="//%s/?id={token}" -->' % ordinary)
    yield _assembled(b'<esi:include src="http://%s/?id={token}"/>' % ordinary, esi=True)
    yield _assembled(b'<esi:vars><img src="http://%s/$(HTTP_COOKIE)"></esi:vars>' % ordinary)


def _assembled(part: bytes, *, esi: bool = False) -> Answer:
    lines = (b'Surrogate-Control: content="ESI/1.0"',) if esi else ()
    return replace(page(b"200 OK", *lines, body=_PAGE + part), once=True)


def _halting() -> Iterator[Answer]:
    ordinary = page(b"200 OK")
    yield replace(ordinary, cut=0)
    yield replace(ordinary, cut=9)
    yield replace(ordinary, cut=40)
    yield replace(ordinary, cut=120)
    yield replace(ordinary, cut=0, delay=0.1)
    yield replace(ordinary, delay=0.3)
    yield replace(ordinary, delay=0.05, pieces=5)
    yield page(b"200 OK", *(b"X-Part-%d: %s" % (n, b"p" * 400) for n in range(6)))
    yield page(b"200 OK", *(b"X-Part-%d: %s" % (n, b"p" * 4000) for n in range(20)))
    yield page(b"200 OK", body=_PAGE + b"<p>" + b"a fine day at the seaside " * 4000)
    yield Answer(b"HTTP/1.1 200 OK\r\nno colon here\r\n : nor a name", _PAGE)
    yield Answer(b"ICY 200 OK", _PAGE)
    yield Answer(b"\x16\x03\x01", b"")


def _interim() -> Iterator[Answer]:
    ordinary = page(b"200 OK")
    yield replace(ordinary, interim=b"HTTP/1.1 100 Continue\r\n\r\n")
    yield replace(ordinary, interim=b"HTTP/1.1 102 Processing\r\n\r\n" * 3)
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    yield replace(ordinary, interim=hints)


def generate(plan: Plan, visitors: Sequence[str]) -> Iterator[Connection]:
    turn = cycle(visitors)
    for status in ERRORS:  # there are many, and a gateway that acts on one does so at any site
        for place in (*plan.places(1, 0)[:1], *plan.places(0, 1)[:1]):
            yield plan.visit(FAMILY.id, next(turn), place, answer=page(status), manner=_MANNER)
    for answer in _answers(plan):
        for place in plan.places(2, 1):
            yield plan.visit(FAMILY.id, next(turn), place, answer=answer, manner=_MANNER)
    for place in plan.places(2, 1):
        yield plan.visit(
            FAMILY.id,
            next(turn),
            place,
            headers=_UPGRADE,
            answer=_SWITCHED,
            manner=_MANNER,
            binding=False,
        )
    for keeping in _KEEPING:
        answer = page(b"200 OK", keeping, body=_RECEIVED)
        for place in plan.places(1, 1):
            yield from _read_by_many(plan, turn, place, answer)


def _read_by_many(
    plan: Plan, turn: Iterator[str], place: Place, answer: Answer
) -> Iterator[Connection]:
    """One page, at a URL that has nothing of the visit in it, asked for by one after another."""
    place = place._replace(path=f"{place.path}-{plan.rng.randrange(10**6)}.html")
    for where in (COOKIE, AGENT, REFERER) * (READERS // 3):
        yield plan.visit(
            FAMILY.id, next(turn), place, answer=answer, token_in=where, manner=_MANNER
        )


FAMILY = Family(
    "misbehaving",
    "Handsets visit sites that fail, redirect, give the gateway orders or leave it pages to keep.",
    2,
    generate,
)
