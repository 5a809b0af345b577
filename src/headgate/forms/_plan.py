"""The numbering plan, as far as a national way of writing needs it: country code and trunk prefix.

Country codes are those of ITU-T E.164 (list of assigned country codes), trunk prefixes those of
ITU-T E.164 national numbering plans; a country that is not listed dials 0 before a national number.
"""

from __future__ import annotations

_ONE_DIGIT = frozenset("17")
_TWO_DIGITS = frozenset(
    (
        20,
        27,
        30,
        31,
        32,
        33,
        34,
        36,
        39,
        40,
        41,
        43,
        44,
        45,
        46,
        47,
        48,
        49,
        51,
        52,
        53,
        54,
        55,
        56,
        57,
        58,
        60,
        61,
        62,
        63,
        64,
        65,
        66,
        81,
        82,
        84,
        86,
        90,
        91,
        92,
        93,
        94,
        95,
        98,
    )
)
_WITHOUT_TRUNK = (
    30,
    34,
    39,
    45,
    47,
    48,
    52,
    53,
    56,
    65,
    351,
    352,
    354,
    356,
    357,
    371,
    372,
    373,
    377,
    420,
    852,
    965,
    968,
    974,
)
_TRUNK = {1: "1", 7: "8", 36: "06"} | dict.fromkeys(_WITHOUT_TRUNK, "")


def split(msisdn: str) -> tuple[str, str]:
    """Country code and significant number: `447700900123` gives `44` and `7700900123`."""
    if msisdn[:1] in _ONE_DIGIT:
        return msisdn[:1], msisdn[1:]
    length = 2 if int(msisdn[:2]) in _TWO_DIGITS else 3
    return msisdn[:length], msisdn[length:]


def trunk(code: str) -> str:
    """What is dialled before a significant number inside the country; empty where nothing is."""
    return _TRUNK.get(int(code), "0")
