"""Percent-encoding (RFC 3986, section 2.1). What was encoded twice is decoded twice."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from headgate.layers._escapes import Escapes, telling
from headgate.layers._layer import Layer

_URL = Escapes(
    name="URL-encoding",
    literal=b"%",
    trigger=telling(b"%", rb"(?:25)*"),  # %2534 is 4 encoded twice
    token=re.compile(rb"%[0-9A-Fa-f]{2}"),
    decoded=unquote_to_bytes,
    space=b' \t\r\n\0"<>',
)
LAYER = Layer(_URL.name, _URL.decode)
