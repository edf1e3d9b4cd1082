"""How the sightings that pass the filters are spread: over cameras, hours of the day, colours and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, extract, func, select
from sqlalchemy.orm import Session

from surveil.attributes import ATTRIBUTES, Attribute
from surveil.search.filters import Filters, candidates, described, has_label
from surveil.store.models import model_in_use
from surveil.store.tables import Camera, SightingRow
from surveil.timezones import zone_named

HOUR = 3600


def count_facets(session: Session, filters: Filters) -> dict[str, dict[str, int]]:
    """Numbers of sightings by "camera", "hour" (on the camera's clock, as "08") and each attribute.

    The number of a camera or label is how many would pass if it were the only one asked for of its kind, and all else
    that is asked for stayed. The labels of one attribute may add up to less than all: of some the model is not sure.

    Raises:
        QueryError: A filter is wrong.
    """
    everywhere = replace(filters, cameras=())
    passing = _passing(session, filters)
    attributes = _attributes(session, passing, ATTRIBUTES, filters.min_confidence)
    for attribute in ATTRIBUTES:
        if attribute.name in filters.attributes:
            others = {name: labels for name, labels in filters.attributes.items() if name != attribute.name}
            found = _passing(session, replace(filters, attributes=others))
            attributes |= _attributes(session, found, [attribute], filters.min_confidence)
    return {"camera": _cameras(session, _passing(session, everywhere)), "hour": _hours(session, passing), **attributes}


def _passing(session: Session, filters: Filters) -> Select[Any]:
    return select(candidates(session, filters).subquery().c.id)


def _cameras(session: Session, found: Select[Any]) -> dict[str, int]:
    rows = (
        select(Camera.name, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .where(SightingRow.id.in_(found))
        .group_by(Camera.name)
        .order_by(func.count().desc(), Camera.name)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


def _hours(session: Session, found: Select[Any]) -> dict[str, int]:
    """By the hour of the zone's clock; UTC hours are counted in SQL and moved by the zone's offset of their day."""
    epoch = extract("epoch", SightingRow.first_seen)
    hour = epoch - epoch % HOUR
    rows = (
        select(Camera.zone, hour, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .where(SightingRow.id.in_(found))
        .group_by(Camera.zone, hour)
    )
    counts: dict[str, int] = {}
    for zone, begins, count in session.execute(rows):
        local = _local_hour(zone_named(zone), float(begins))
        counts[local] = counts.get(local, 0) + count
    return dict(sorted(counts.items()))


def _local_hour(zone: ZoneInfo, epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, zone):%H}"


def _attributes(
    session: Session, found: Select[Any], attributes: Sequence[Attribute], least: float | None
) -> dict[str, dict[str, int]]:
    if session.scalar(found.limit(1)) is None:
        return {attribute.name: dict.fromkeys(attribute.labels, 0) for attribute in attributes}
    thresholds = model_in_use(session).thresholds
    asked = [(attribute.name, label) for attribute in attributes for label in attribute.labels]
    counts: Any = [func.count(case((has_label(name, (label,), least, thresholds), 1))) for name, label in asked]
    rows = described(select(*counts).select_from(SightingRow)).where(SightingRow.id.in_(found))
    facets: dict[str, dict[str, int]] = {attribute.name: {} for attribute in attributes}
    for (name, label), count in zip(asked, session.execute(rows).one(), strict=True):
        facets[name][label] = count
    return facets
