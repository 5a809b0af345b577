"""Which of many messages are worth reading closely: nearly none of them hold a number.

A scan costs more by the call than by the byte, so messages are looked through together, and those
in which nothing was found are done with. What counts is that none is left out which a scan of its
own would find something in. So only plain text is put together, in which no form and no layer
reaches further than its own line; whatever else there is, is scanned alone by whoever reads it.

Of a request that arrives, only that is looked through which its handset did not write itself: what
comes out as it went in is no disclosure (judge.py).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate

from headgate.detector import BETWEEN, Scanner

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"
_CONTROL = bytes(set(range(32)) - set(b"\t\r\n"))
# A line that goes on in the next one (RFC 9112, 5.2).
_FOLDED = re.compile(rb"\n[ \t]")
# How a body in chunks begins: what a size says reaches over whatever stands behind.
_CHUNKED = re.compile(rb"\n\r?\n[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r\n")


def added(arrived: bytes, written: bytes) -> bytes:
    """What of a message that arrived stands in none of the lines that the handset had written, in
    its order; all of it where lines go on in the next one."""
    if _FOLDED.search(arrived):
        return arrived
    head, gap, body = arrived.partition(_HEAD_END)
    own_head, _, own_body = written.partition(_HEAD_END)
    new = _LINE_END.join(_not_in(own_head, head.split(_LINE_END)))
    return new + gap + body if body and body != own_body else new


def added_fields(arrived: bytes, written: bytes) -> bytes:
    """The header lines alone of what was added, each with its end."""
    lines = arrived.partition(_HEAD_END)[0].split(_LINE_END)[1:]
    new = _not_in(written.partition(_HEAD_END)[0], lines)
    return b"".join(line + _LINE_END for line in new)


def _not_in(head: bytes, lines: Sequence[bytes]) -> list[bytes]:
    own = set(head.split(_LINE_END))
    return [line for line in lines if line not in own]


def suspects(texts: Sequence[bytes], scanner: Scanner) -> Collection[int]:
    """The indices of those in which there may be a number: of all of which a scan would find one,
    and of few others."""
    plain = [index for index, text in enumerate(texts) if _joins(text)]
    found = set(range(len(texts))).difference(plain)
    joined = BETWEEN.join([texts[index] for index in plain])
    places = scanner.places(joined)
    if places is None:  # too much was to be decoded to say so of all of them at once
        return range(len(texts))
    starts = list(accumulate((len(texts[index]) + len(BETWEEN) for index in plain), initial=0))
    found.update(plain[bisect_right(starts, at) - 1] for at in places)
    return found


def _joins(text: bytes) -> bool:
    """Whether nothing in the text can have to do with what stands before or behind it."""
    ordinary = text.isascii() and len(text.translate(None, _CONTROL)) == len(text)
    return ordinary and not _CHUNKED.search(text)
