"""How many people each camera saw in each hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from surveil.search.filters import Filters, candidates
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


def count_by_hour(session: Session, filters: Filters, zone: str) -> list[HourCount]:
    """The counts of everybody who passes the filters, by camera and hour; hours of nobody are left out.

    Hours are those of UTC shown in the zone: in zones that are off by half an hour they begin at the half hour.

    Raises:
        QueryError: A filter is wrong.
        SurveilError: There is no such zone.
    """
    shown_in = zone_named(zone)
    epoch = extract("epoch", SightingRow.first_seen)
    hour = epoch - epoch % HOUR
    rows = (
        select(
            Camera.name,
            hour,
            func.count(),
            func.count(SightingRow.identity_id),
            func.count(SightingRow.identity_id.distinct()),
        )
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .where(SightingRow.id.in_(candidates(session, filters)))
        .group_by(Camera.name, hour)
        .order_by(Camera.name, hour)
    )
    return [
        HourCount(camera, _local(float(begins), shown_in), sightings, identities + sightings - known)
        for camera, begins, sightings, known, identities in session.execute(rows)
    ]


def _local(epoch: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(epoch, zone)
