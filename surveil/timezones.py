"""Time zones by name, and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from surveil.errors import SurveilError


def zone_named(name: str) -> ZoneInfo:
    """A time zone of the IANA database.

    Raises:
        SurveilError: There is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SurveilError("unknown time zone", repr(name), "Use a name such as Europe/Berlin, or UTC.") from None


def parse_time(text: str) -> datetime:
    """A time in ISO 8601, such as 2026-09-14 or 2026-09-14T08:30+02:00; naive if it names no offset from UTC.

    Raises:
        SurveilError: It is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SurveilError("not a time", repr(text), "Write 2026-09-14 or 2026-09-14T08:30.") from None


def in_zone(time: datetime, zone: ZoneInfo) -> datetime:
    """A time that names no offset, taken for one in a zone; any other as it is."""
    return time if time.tzinfo else time.replace(tzinfo=zone)


def occurrences(time: datetime, zone: ZoneInfo) -> int:
    """How often clocks of a zone show a time that names no offset: 0 where they go forward, 2 where they go back."""
    early, late = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return 1
    return 2 if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == time else 0
