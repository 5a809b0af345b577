"""What an answer makes its handset send on to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.http import Message

if TYPE_CHECKING:
    from headgate.detector import Hit

# By itself, or at the next click.
_SENT_ON_FIELDS = (b"location", b"content-location", b"refresh", b"set-cookie", b"link")
_LINK = rb"""(?:href|src|action|url|content|value)\s*[=(]\s*["']?[^"'>\s]*|https?://[^\s"'<>]*"""
_LINKS = re.compile(_LINK, re.I)
_SENT_ON_BODY = re.compile(rb"(?:%s)$" % _LINK, re.I)


def all_sent_on(response: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything that an answer makes its handset send on, each with its place in words."""
    message = Message(response)
    for field in message.fields:
        if field.name.lower() in _SENT_ON_FIELDS:
            yield f"response header {field.name.decode('latin-1').lower()}", field.value
    for link in _LINKS.findall(response, message.body_start):
        yield "link in the response", link


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
