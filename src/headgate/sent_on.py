"""What an answer makes its handset send on to somebody else."""

from __future__ import annotations

import re

from headgate.detector import Hit
from headgate.http import Message

# By itself, or at the next click.
_SENT_ON_FIELDS = (b"location", b"content-location", b"refresh", b"set-cookie", b"link")
_SENT_ON_BODY = re.compile(
    rb"""(?:href|src|action|url|content|value)\s*[=(]\s*["']?[^"'>\s]*$|https?://[^\s"'<>]*$""",
    re.I,
)


def sent_on(response: bytes, hit: Hit) -> bool:
    """Whether an answer makes its handset send the hit on."""
    message = Message(response)
    if hit.start >= message.body_start:
        line = response[max(message.body_start, hit.start - 2048) : hit.start]
        return bool(_SENT_ON_BODY.search(line))
    return any(
        field.name.lower() in _SENT_ON_FIELDS and field.start <= hit.start and hit.end <= field.end
        for field in message.fields
    )
