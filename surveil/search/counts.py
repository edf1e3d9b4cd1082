"""How many people each camera saw in each hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from surveil.search.filters import Filters, passing
from surveil.store.tables import Camera, SightingRow
from surveil.timezones import zone_named

HOUR = 3600


@dataclass(frozen=True, slots=True)
class HourCount:
    """What a camera saw in one hour.

    Attributes:
        camera: Its name.
        hour: When the hour begins, in the zone asked for.
        sightings: Sightings that begin in it.
        people: Different identities among them; a sighting without one counts as somebody.
    """

    camera: str
    hour: datetime
    sightings: int
    people: int


def count_by_hour(session: Session, filters: Filters, zone: str, day: date | None = None) -> list[HourCount]:
    """The counts of everybody who passes the filters, by camera and hour; hours of nobody are left out.

    Hours are those of UTC shown in the zone: in zones that are off by half an hour they begin at the half hour.

    Args:
        session: A session.
        filters: What they must pass.
        zone: In which the hours are shown.
        day: Only the hours that begin on this day of the zone; None: all.

    Raises:
        QueryError: A filter is wrong.
        SurveilError: There is no such zone.
    """
    shown_in = zone_named(zone)
    epoch = extract("epoch", SightingRow.first_seen)
    hour = epoch - epoch % HOUR
    seen = (
        select(
            Camera.name,
            hour,
            func.count(),
            func.count(SightingRow.identity_id),
            func.count(SightingRow.identity_id.distinct()),
        )
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .group_by(Camera.name, hour)
        .order_by(Camera.name, hour)
    )
    if day is not None:
        begin, end = _hours_of(day, shown_in)
        seen = seen.where(SightingRow.first_seen >= begin, SightingRow.first_seen < end)
    rows = passing(session, filters, seen)
    return [
        HourCount(camera, _local(float(begins), shown_in), sightings, identities + sightings - known)
        for camera, begins, sightings, known, identities in session.execute(rows)
    ]


def newest_days(session: Session, filters: Filters, zone: str, limit: int) -> list[date]:
    """The days of a zone on which sightings began that pass the filters, the newest first, so many at most.

    Raises:
        QueryError: A filter is wrong.
        SurveilError: There is no such zone.
    """
    shown_in = zone_named(zone)
    newest = passing(session, filters, select(func.max(SightingRow.first_seen)))
    days: list[date] = []
    last = session.scalar(newest)
    while last is not None and len(days) < limit:
        begin = _hour(last).astimezone(shown_in)
        days.append(begin.date())
        last = session.scalar(newest.where(SightingRow.first_seen < _hours_of(begin.date(), shown_in)[0]))
    return days


def _hours_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when the hours of UTC begin that begin on a day of a zone."""
    midnights = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    begin, end = (-(-midnight.timestamp() // HOUR) * HOUR for midnight in midnights)
    return datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)


def _hour(moment: datetime) -> datetime:
    """When the hour of UTC begins in which a moment lies."""
    return datetime.fromtimestamp(moment.timestamp() // HOUR * HOUR, UTC)


def _local(epoch: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(epoch, zone)
