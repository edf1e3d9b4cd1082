"""Days and times of day by the clock on the wall where a camera hangs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, extract, or_, true

from surveil.store.tables import SightingRow

DAY = 86400
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH, EPOCH_WEEKDAY = date(1970, 1, 1).toordinal(), date(1970, 1, 1).weekday()


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Days, and a part of each day, in the zone of each camera.

    A sighting passes when the person was in view at any moment of it.

    Attributes:
        first_day: First day; None: no limit.
        last_day: Last day, included; None: no limit.
        start: Time of day at which the part begins; None: midnight.
        end: Time of day at which it ends, not included; None: midnight. At or before `start`, it is on the next day.
        weekdays: Days of the week, Monday 0, on which the part begins; None: all.
    """

    first_day: date | None = None
    last_day: date | None = None
    start: time | None = None
    end: time | None = None
    weekdays: tuple[int, ...] | None = None

    def __str__(self) -> str:
        days = "every day"
        if self.first_day and self.first_day == self.last_day:
            days = f"{self.first_day:%A %Y-%m-%d}"
        elif self.first_day or self.last_day:
            bounds = (("from", self.first_day), ("until", self.last_day))
            days = " ".join(f"{word} {day:%A %Y-%m-%d}" for word, day in bounds if day)
        if self.weekdays is not None:
            named = " and ".join(f"{WEEKDAYS[day].capitalize()}s" for day in self.weekdays)
            days = named if days == "every day" else f"{named} {days}"
        if self.start is None and self.end is None:
            return days
        return f"{days}, {self.start or time():%H:%M} to {self.end or time():%H:%M}"

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """UTC beginning of the first part, and end of the last."""
        start, end = self.start or time(), self.end or time()
        first = last = None
        if self.first_day:
            first = datetime.combine(self.first_day, start, zone).astimezone(UTC)
        if self.last_day:
            ends_on = self.last_day + timedelta(days=1) if end <= start else self.last_day
            last = datetime.combine(ends_on, end, zone).astimezone(UTC)
        return first, last

    def condition(self, zone: ZoneInfo, seen: tuple[datetime, datetime]) -> ColumnElement[bool]:
        """What a sighting by a camera of this zone must satisfy.

        Args:
            zone: The camera's.
            seen: UTC times between which all sightings of the database begin; they bound the work, not the result.
        """
        first, last = self.bounds(zone)
        conditions: list[ColumnElement[bool]] = [true()]
        if first:
            conditions.append(SightingRow.last_seen >= first)
        if last:
            conditions.append(SightingRow.first_seen < last)
        limited = self.start is not None or self.end is not None or self.weekdays is not None
        if limited and (self.weekdays is not None or not first or self.first_day != self.last_day):
            conditions.append(self._daily(zone, seen))
        return and_(*conditions)

    def _daily(self, zone: ZoneInfo, seen: tuple[datetime, datetime]) -> ColumnElement[bool]:
        """Whether the sighting meets the part of the day; on the circle of a day's seconds, two arcs meet when
        one of them holds the other's beginning.
        """
        start, end = _seconds(self.start), _seconds(self.end)
        length = (end - start) % DAY or DAY
        first_seen, last_seen = extract("epoch", SightingRow.first_seen), extract("epoch", SightingRow.last_seen)
        local = first_seen + _offset(zone, seen) - start
        since_start = local % DAY
        in_it, reaches_next = since_start < length, DAY - since_start <= last_seen - first_seen
        if self.weekdays is None:
            return or_(in_it, reaches_next)
        day = (local - since_start) / DAY
        return or_(and_(in_it, self._allows(day)), and_(reaches_next, self._allows(day + 1)))

    def _allows(self, day: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a day, counted from 1 January 1970, is one of the weekdays and within the limits."""
        conditions: list[ColumnElement[bool]] = [((day + EPOCH_WEEKDAY) % 7).in_(self.weekdays or range(7))]
        if self.first_day:
            conditions.append(day >= self.first_day.toordinal() - EPOCH)
        if self.last_day:
            conditions.append(day <= self.last_day.toordinal() - EPOCH)
        return and_(*conditions)


def _seconds(clock: time | None) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second if clock else 0


def _offset(zone: ZoneInfo, seen: tuple[datetime, datetime]) -> ColumnElement[int] | int:
    """Seconds that the zone's clock is ahead of UTC when the sighting begins; it changes twice a year."""
    spans = list(_offset_spans(zone, *seen))
    *earlier, (_, latest) = spans
    if not earlier:
        return latest
    return case(*((SightingRow.first_seen < until, offset) for until, offset in earlier), else_=latest)


def _offset_spans(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """The times until which each UTC offset (seconds) holds, ascending; the last one reaches past `end`."""
    at, step = start, timedelta(days=1)
    while at <= end:
        after = at + step
        if _utc_offset(zone, at) != _utc_offset(zone, after):
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _utc_offset(zone, middle) == _utc_offset(zone, at) else (low, middle)
            yield high.replace(microsecond=0), _utc_offset(zone, at)
        at = after
    yield at, _utc_offset(zone, at)


def _utc_offset(zone: ZoneInfo, at: datetime) -> int:
    return int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
