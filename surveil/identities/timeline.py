"""When an identity was where: its visits to each camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.store.tables import SightingRow
from surveil.visits import VISIT_GAP


@dataclass(frozen=True, slots=True)
class TimedSighting:
    """A sighting as time sees it (UTC)."""

    sighting: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Sightings of one identity by one camera, none more than `VISIT_GAP` after another; in order of time."""

    camera: int
    seen: tuple[TimedSighting, ...]

    @property
    def first(self) -> datetime:
        """When it begins."""
        return self.seen[0].first

    @property
    def last(self) -> datetime:
        """When it ends."""
        return max(one.last for one in self.seen)


def visits_of(session: Session, identity: int) -> list[Visit]:
    """The visits of an identity by camera, then by time."""
    rows = (
        select(SightingRow.camera_id, SightingRow.id, SightingRow.first_seen, SightingRow.last_seen)
        .where(SightingRow.identity_id == identity)
        .order_by(SightingRow.camera_id, SightingRow.first_seen, SightingRow.id)
    )
    found: list[tuple[int, list[TimedSighting]]] = []
    for camera, sighting, first, last in session.execute(rows):
        seen = TimedSighting(sighting, first, last)
        if found and found[-1][0] == camera and _goes_on(found[-1][1], seen):
            found[-1][1].append(seen)
        else:
            found.append((camera, [seen]))
    return [Visit(camera, tuple(seen)) for camera, seen in found]


def _goes_on(before: Sequence[TimedSighting], seen: TimedSighting) -> bool:
    return seen.first <= max(one.last for one in before) + VISIT_GAP
