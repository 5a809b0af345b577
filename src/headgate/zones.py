"""Hours of the day by way of time zones: a gateway's clock cannot be set, but its zone can."""

from __future__ import annotations

from datetime import UTC, datetime

_OFFSETS = range(-11, 13)


def _zone(offset: int) -> str:
    """A zone so many hours ahead of UTC, as `TZ` names it (POSIX.1-2017, 8.3: west is positive)."""
    return f"<{offset:+03}>{-offset}"


ZONES = tuple(map(_zone, _OFFSETS))
"""One for each hour of the day."""


def hour_in(zone: str) -> int | None:
    """What hour it is now in one of these zones; None for any other."""
    if zone not in ZONES:
        return None
    return (datetime.now(UTC).hour + _OFFSETS[ZONES.index(zone)]) % 24


def zone_at(hour: int) -> str:
    """The zone in which it is this hour now."""
    return next(zone for zone in ZONES if hour_in(zone) == hour % 24)
