"""Words of others as people may see them: nothing in them steers what shows them."""

from __future__ import annotations


def legible(text: str, keep: str = "") -> str:
    """The text with everything spelled out that is not there to be seen: control characters,
    marks of the direction of writing, halves of characters. Those of `keep` stay."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
