"""Where an HTTP/1 message ends in a run of bytes (RFC 9112, section 6).

Both ends of the lab must find the end of messages that a parser would refuse, so this reads as
little as it can: the first empty line, and of the fields before it the two that frame a body.
Nothing is changed or judged here.
"""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?(?=\n)", re.I)
_CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]*:[^\n]*chunked[ \t]*\r?(?=\n)", re.I)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]+)[^\n]*\n")
_TRAILER_END = re.compile(rb"(?:[^\r\n][^\n]*\n)*\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")

UNTIL_CLOSE = -1
"""The body has no length of its own: it ends when the connection does."""


def head_end(data: bytes | bytearray, start: int = 0) -> int | None:
    """Offset of the first byte behind the first empty line, None when there is none yet."""
    # Each find is a hundredth of what a search for `\r?\n\r?\n` takes.
    usual = data.find(b"\n\r\n", start)
    bare = data.find(b"\n\n", start, usual + 1 if usual >= 0 else None)
    if bare >= 0:
        return bare + 2
    return usual + 3 if usual >= 0 else None


def leading_lines(data: bytes | bytearray) -> int:
    """Length of the empty lines before a start line, which a server skips (section 2.2)."""
    return len(data) - len(data.lstrip(b"\r\n"))


def request_end(data: bytes | bytearray) -> int | None:
    """Offset behind the first whole request in `data`, None when it is not whole yet."""
    body = head_end(data, leading_lines(data))
    if body is None:
        return None
    return _body_end(data, body, rest=body)


def response_end(data: bytes | bytearray, method: bytes) -> int | None:
    """Offset behind the first whole final response to `method` in `data`.

    None when it is not whole yet, UNTIL_CLOSE when only the end of the connection can tell.
    Interim responses (1xx) are part of what precedes the final one.
    """
    start = 0
    while (body := head_end(data, start)) is not None:
        match = _STATUS.match(data, start)
        status = int(match[1]) if match else 200
        if 100 <= status < 200 and status != 101:
            start = body
            continue
        if method == b"HEAD" or status in (101, 204, 304):
            return body
        if method == b"CONNECT" and 200 <= status < 300:
            return body  # RFC 9112, 6.3: what follows is the tunnel
        return _body_end(data, body, rest=UNTIL_CLOSE, start=start)
    return None


def is_chunked(head: bytes) -> bool:
    return bool(_CHUNKED.search(head))


def _body_end(data: bytes | bytearray, body: int, *, rest: int, start: int = 0) -> int | None:
    head = bytes(data[start:body])
    if is_chunked(head):
        return _chunked_end(data, body)
    if length := _LENGTH.search(head):
        end = body + int(length[1])
        return end if len(data) >= end else None
    return rest


def _chunked_end(data: bytes | bytearray, at: int) -> int | None:
    start = trailer_start(data, at)
    trailer = _TRAILER_END.match(data, start) if start is not None else None
    return trailer.end() if trailer else None


def trailer_start(data: bytes | bytearray, at: int) -> int | None:
    """Offset behind the last chunk of a chunked body that starts at `at`; None if it is not there
    (section 7.1)."""
    while line := _CHUNK_SIZE.match(data, at):
        size = int(line[1], 16)
        at = line.end()
        if size == 0:
            return at
        at = data.find(b"\n", at + size) + 1
        if not at:
            return None
    return None
