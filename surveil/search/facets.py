"""How the sightings that pass the filters are spread: over cameras, hours of the day, colours and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, extract, func, select
from sqlalchemy.orm import Session

from surveil.attributes import ATTRIBUTES, Attribute
from surveil.search.facets_in_memory import tally
from surveil.search.filters import Filters, candidates, conditions, described, has_label, passing
from surveil.store.models import model_in_use
from surveil.store.tables import Camera, SightingRow
from surveil.timezones import zone_named

if TYPE_CHECKING:
    from surveil.store.session import Database

HOUR = 3600


def count_facets(
    session: Session, filters: Filters, database: Database | None = None
) -> dict[str, dict[str, int]]:  # fmt: skip
    """Numbers of sightings by "camera", "hour" (on the camera's clock, as "08") and each attribute.

    The number of a camera or label is how many would pass if it were the only one asked for of its kind, and all else
    that is asked for stayed. The labels of one attribute may add up to less than all: of some the model is not sure.

    Args:
        session: A session.
        filters: What they must pass.
        database: The database, where what it keeps in memory may be used.

    Raises:
        QueryError: A filter is wrong.
    """
    if database is not None and (counted := _in_memory(database, session, filters)) is not None:
        return counted
    attributes = _attributes(session, filters, ATTRIBUTES)
    for attribute in ATTRIBUTES:
        if attribute.name in filters.attributes:
            others = {name: labels for name, labels in filters.attributes.items() if name != attribute.name}
            attributes |= _attributes(session, replace(filters, attributes=others), [attribute])
    cameras = _cameras(session, replace(filters, cameras=()))
    return {"camera": cameras, "hour": _hours(session, filters), **attributes}


def _in_memory(database: Database, session: Session, filters: Filters) -> dict[str, dict[str, int]] | None:
    """The same from memory; None where nothing is kept there."""
    conditions(session, filters)  # what is wrong with them is said
    found = tally(database, session, filters)
    if found is None:
        return None
    known = {key: (name, zone) for key, name, zone in session.execute(select(Camera.id, Camera.name, Camera.zone))}
    cameras = [(known[key][0], count) for key, count in found.cameras.items() if key in known]
    hours: dict[str, int] = {}
    for (camera, hour), count in found.hours.items():
        local = _local_hour(zone_named(known[camera][1]), float(hour * HOUR))
        hours[local] = hours.get(local, 0) + count
    return {
        "camera": dict(sorted(cameras, key=lambda pair: (-pair[1], pair[0]))),
        "hour": dict(sorted(hours.items())),
        **found.attributes,
    }


def _cameras(session: Session, filters: Filters) -> dict[str, int]:
    rows = (
        select(Camera.name, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .group_by(Camera.name)
        .order_by(func.count().desc(), Camera.name)
    )
    return {row[0]: row[1] for row in session.execute(passing(session, filters, rows))}


def _hours(session: Session, filters: Filters) -> dict[str, int]:
    """By the hour of the zone's clock; UTC hours are counted in SQL and moved by the zone's offset of their day."""
    epoch = extract("epoch", SightingRow.first_seen)
    hour = epoch - epoch % HOUR
    rows = (
        select(Camera.zone, hour, func.count())
        .join(SightingRow, SightingRow.camera_id == Camera.id)
        .group_by(Camera.zone, hour)
    )
    counts: dict[str, int] = {}
    for zone, begins, count in session.execute(passing(session, filters, rows)):
        local = _local_hour(zone_named(zone), float(begins))
        counts[local] = counts.get(local, 0) + count
    return dict(sorted(counts.items()))


def _local_hour(zone: ZoneInfo, epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, zone):%H}"


def _attributes(session: Session, filters: Filters, attributes: Sequence[Attribute]) -> dict[str, dict[str, int]]:
    if session.scalar(candidates(session, filters).limit(1)) is None:
        return {attribute.name: dict.fromkeys(attribute.labels, 0) for attribute in attributes}
    thresholds = model_in_use(session).thresholds
    asked = [(attribute.name, label) for attribute in attributes for label in attribute.labels]
    counts: Any = [
        func.count(case((has_label(name, (label,), filters.min_confidence, thresholds), 1))) for name, label in asked
    ]
    chosen = select(*counts).select_from(SightingRow).where(*conditions(session, filters).values())
    facets: dict[str, dict[str, int]] = {attribute.name: {} for attribute in attributes}
    for (name, label), count in zip(asked, session.execute(described(chosen)).one(), strict=True):
        facets[name][label] = count
    return facets
