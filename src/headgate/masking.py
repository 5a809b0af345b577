"""Showing bytes to people, with every number in them masked.

Of a number in digits the last three are hidden, as everywhere; of digits in another encoding the
second half. Of what tells the number by its first bytes as well (a digest, the digits reversed)
nothing is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from headgate.detector import Hit, Scanner
from headgate.numbers import are_hidden

_LEAST_HIDDEN = 3
_STAR = "*"
_DIGIT = re.compile(rb"[0-9]")
# Whatever reads as a number, whoever's: a handset may have made it up. (Not an address.)
_NUMBER_LIKE = re.compile(rb"(?<![0-9.])\+?[0-9](?:[ ()-]?[0-9]){7,}")
_MARGIN = 64
_BEGINS_WITH_THE_NETWORK = re.compile(r"(digits|TBCD), (?!.*(reversed|in gzip|in zlib|in deflate))")


def mask_hits(data: bytes, hits: Iterable[Hit]) -> str:
    """`data` in printable characters, as `repr` shows bytes but without quotes, `hits` masked."""
    return _shown(data, _hidden(data, hits), 0, len(data))


def excerpt(data: bytes, hit: Hit, hits: Iterable[Hit], before: int = 32, after: int = 16) -> str:
    """`hit` and as many bytes around it, in one line; all `hits` in it are masked, and the ends of
    all other numbers in digits.

    What is left out at either side is shown as `…`.
    """
    start, end = max(0, hit.start - before), min(len(data), hit.end + after)
    hidden = _hidden(data, (hit, *hits)) | _other_numbers(data, start, end)
    shown = _shown(data, hidden, start, end)
    return f"{'…' * (start > 0)}{shown}{'…' * (end < len(data))}"


def mask_text(text: str, scanner: Scanner) -> str:
    """`text` with every number of the scanner's subscribers masked, and not changed otherwise."""
    if not are_hidden():
        return text
    data = text.encode(errors="surrogatepass")
    while hits := scanner.find(data):
        hidden = _hidden(data, hits)
        masked = bytes(ord(_STAR) if at in hidden else byte for at, byte in enumerate(data))
        # Masking the half of what is masked already would go on for ever.
        data = masked if masked != data else _all_hidden(data, hits)
    return data.decode(errors="replace")


def _all_hidden(data: bytes, hits: Iterable[Hit]) -> bytes:
    covered = {at for hit in hits for at in range(hit.start, hit.end)}
    return bytes(ord(_STAR) if at in covered else byte for at, byte in enumerate(data))


def _shown(data: bytes, hidden: set[int], start: int, end: int) -> str:
    return "".join(
        _STAR if at in hidden else _printable(data[at : at + 1]) for at in range(start, end)
    )


def _printable(byte: bytes) -> str:
    shown = repr(byte)[2:-1]
    return "'" if byte == b"'" else shown


def _other_numbers(data: bytes, start: int, end: int) -> set[int]:
    """The last digits of what reads as a number there, of which a part may be further out."""
    if not are_hidden():
        return set()
    return {
        place
        for match in _NUMBER_LIKE.finditer(data, max(0, start - _MARGIN), end + _MARGIN)
        for place in [one.start() for one in _DIGIT.finditer(data, *match.span())][-_LEAST_HIDDEN:]
    }


def _hidden(data: bytes, hits: Iterable[Hit]) -> set[int]:
    return {at for hit in hits for at in _hidden_by(data, hit)} if are_hidden() else set()


def _hidden_by(data: bytes, hit: Hit) -> Iterator[int]:
    """The places that are not shown of one hit."""
    if _in_plain_digits(hit):
        places = [match.start() for match in _DIGIT.finditer(data, hit.start, hit.end)]
        yield from places[-_LEAST_HIDDEN:]
    elif _BEGINS_WITH_THE_NETWORK.match(hit.form):
        half = (hit.start + hit.end) // 2
        yield from range(min(half, hit.end - _LEAST_HIDDEN), hit.end)
    else:
        yield from range(hit.start, hit.end)


def _in_plain_digits(hit: Hit) -> bool:
    rest = hit.form.removesuffix(", separated")
    return rest.startswith("digits, ") and rest.count(", ") == 1 and ", in " not in rest
