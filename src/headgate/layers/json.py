r"""Escapes of strings: `\u0034` (RFC 8259, section 7), `\x34` and `\052` of other languages."""

from __future__ import annotations

import re

from headgate.layers._escapes import Escapes, telling
from headgate.layers._layer import Layer


def _decoded(escape: bytes) -> bytes:
    if escape == rb"\/":
        return b"/"
    base = 16 if escape[1:2] in b"ux" else 8
    digits = escape[2:] if base == 16 else escape[1:]
    code = int(digits, base)
    return bytes((code,)) if code < 256 else chr(code).encode(errors="replace")


_TELLING = telling(b"\\", rb"(?:u00|x)").pattern
_JSON = Escapes(
    name="escapes",
    literal=b"\\",
    trigger=re.compile(
        rb"\\(?:(?<=[A-Za-z0-9]{6}\\)/(?=[A-Za-z0-9]{6})"
        rb"|0(?:6[0-7]|7[01])|(?:6[0-7]|7[01])(?![0-7]))|" + _TELLING
    ),
    token=re.compile(rb"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[01]?[0-7]{2}|/)"),
    decoded=_decoded,
    space=b"\r\n\0",
)
LAYER = Layer(_JSON.name, _JSON.decode)
