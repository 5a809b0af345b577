"""MD5, SHA-1 and SHA-256 without salt, of each way to write the number.

There are a thousand million numbers: whoever has such a digest has the number within a minute.
In bytes and in base64; digests in hex are found by decoding runs of hex, either case or mixed. A
digest cut to 64 bits still names its number and counts.

False alarms: 64 bits, 2**64 = 2e19: 1e-6 for 1,000 subscribers in 1 GiB.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from headgate.forms._form import Form, Identity, Spelling, Where

_LEAST_BYTES = 8
_LEAST_BASE64 = 11
_DIGESTS = (("MD5", hashlib.md5), ("SHA-1", hashlib.sha1), ("SHA-256", hashlib.sha256))


def _spellings(identity: Identity) -> Iterator[Spelling]:
    for written, digits in identity.written:
        plain = digits.encode()
        for algorithm, digest in _DIGESTS:
            name = f"{algorithm} of digits, {written}"
            data = digest(plain, usedforsecurity=False).digest()
            yield Spelling(name, data, Where.RAW, least=_LEAST_BYTES)
            standard, url = base64.b64encode(data), base64.urlsafe_b64encode(data)
            for text in (standard,) if standard == url else (standard, url):
                whole = text.rstrip(b"=")
                yield Spelling(f"{name}, in base64", whole, Where.LONG, least=_LEAST_BASE64)


FORM = Form("digest", _spellings)
