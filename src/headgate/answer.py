"""What a site answers in place of its ordinary page, where a family wants it to misbehave."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Answer:
    """One answer, to the request that it belongs to.

    `head` is the status line and the header lines, without the last line's end and without a
    length, which the site adds; `body` follows it. In both, `{token}` stands for the request's
    token; in the body, `{visit}` for the number of the receipt and `{received}` for the header
    lines that arrived, as on a page that shows visitors what their browsers send.

    `interim` goes before (1xx responses); `delay` is in seconds, before the first byte and before
    each further one of the `pieces`; after `cut` bytes the site hangs up. What is given `once` is
    followed by ordinary pages, if the request comes again. What is not `framed` gets no length.
    """

    head: bytes
    body: bytes = b""
    interim: bytes = b""
    delay: float = 0.0
    pieces: int = 1
    cut: int | None = None
    once: bool = False
    framed: bool = True

    def for_token(self, token: str) -> Answer:
        """This answer with the token in its places."""
        name = token.encode()
        head, body = (part.replace(b"{token}", name) for part in (self.head, self.body))
        return replace(self, head=head, body=body)
