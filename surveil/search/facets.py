"""How the sightings that pass the filters are spread: over cameras, hours of the day, colours and the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, extract, func, select
from sqlalchemy.orm import Session

from surveil.attributes import ATTRIBUTES, OUTPUT_NAMES
from surveil.search.filters import Filters, candidates, described
from surveil.store.tables import Camera, Description, SightingRow
from surveil.timezones import zone_named

HOUR = 3600


def count_facets(session: Session, filters: Filters) -> dict[str, dict[str, float]]:
    """Numbers of sightings by "camera", "hour" (on the camera's clock, as "08") and each attribute.

    Of an attribute's labels the numbers are expected ones, the sums of the probabilities; calibrated probabilities add
    up to how many there are, which counts of the likeliest label do not.

    Raises:
        QueryError: A filter is wrong.
    """
    passing = candidates(session, filters).subquery()
    found = select(passing.c.id)
    return {"camera": _cameras(session, found), "hour": _hours(session, found), **_attributes(session, found)}


def _cameras(session: Session, found: Select[Any]) -> dict[str, float]:
    rows = (
        select(Camera.name, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .where(SightingRow.id.in_(found))
        .group_by(Camera.name)
        .order_by(func.count().desc(), Camera.name)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


def _hours(session: Session, found: Select[Any]) -> dict[str, float]:
    """By the hour of the zone's clock; UTC hours are counted in SQL and moved by the zone's offset of their day."""
    epoch = extract("epoch", SightingRow.first_seen)
    hour = epoch - epoch % HOUR
    rows = (
        select(Camera.zone, hour, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .where(SightingRow.id.in_(found))
        .group_by(Camera.zone, hour)
    )
    counts: dict[str, float] = {}
    for zone, begins, count in session.execute(rows):
        local = _local_hour(zone_named(zone), float(begins))
        counts[local] = counts.get(local, 0) + count
    return dict(sorted(counts.items()))


def _local_hour(zone: ZoneInfo, epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, zone):%H}"


def _attributes(session: Session, found: Select[Any]) -> dict[str, dict[str, float]]:
    sums = [func.sum(getattr(Description, name)) for name in OUTPUT_NAMES]
    rows = described(select(func.count(), *sums).select_from(SightingRow)).where(SightingRow.id.in_(found))
    count, *totals = session.execute(rows).one()
    facets = {}
    for attribute in ATTRIBUTES:
        part = [float(total or 0) for total in totals[attribute.outputs]]
        values = part if attribute.exclusive else [count - part[0], part[0]]
        facets[attribute.name] = {label: round(value, 1) for label, value in zip(attribute.labels, values, strict=True)}
    return facets
