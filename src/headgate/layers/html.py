"""Character references of HTML and XML: `&#52;`, `&#x34;`, `&nbsp;` (HTML, section 13.5)."""

from __future__ import annotations

import html
import re

from headgate.layers._escapes import Escapes
from headgate.layers._layer import Layer


def _decoded(reference: bytes) -> bytes:
    return html.unescape(reference.decode("ascii")).encode(errors="replace")


# 43 is +, 48 to 57 are digits, 65 to 90 and 97 to 122 letters; what lies below 48 is a separator
# and tells something only beside a digit.
_HTML = Escapes(
    name="HTML entities",
    literal=b"&",
    trigger=re.compile(
        rb"&(?:#0*(?:43|4[89]|5[0-7]|6[5-9]|[78][0-9]|9[0789]|1[01][0-9]|12[0-2])(?![0-9])"
        rb"|#[xX]0*(?:2[Bb]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])(?![0-9A-Fa-f])"
        rb"|(?<=[0-9]&)[#a-zA-Z][a-zA-Z0-9]{1,8};|plus;)"
    ),
    token=re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-zA-Z]{2,8}(?=;));?"),
    decoded=_decoded,
    space=b"\r\n\0",
)
LAYER = Layer(_HTML.name, _HTML.decode)
