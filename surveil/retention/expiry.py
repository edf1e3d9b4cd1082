"""Whose time is over: each camera says for how many days it keeps who was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.store.clock import database_now
from surveil.store.tables import Camera, SightingRow


@dataclass(frozen=True, slots=True)
class Expired:
    """What a camera is not to keep any longer.

    Attributes:
        camera: Its name.
        keep_days: For how many days it keeps who was seen.
        before: Who was last in view before this time (UTC) goes.
        sightings: Their numbers.
    """

    camera: str
    keep_days: float
    before: datetime
    sightings: tuple[int, ...]


def expired(session: Session) -> list[Expired]:
    """What is past its days, by camera, by the database's clock; cameras that keep everything are left out."""
    now = database_now(session)
    found = []
    for camera in session.scalars(select(Camera).where(Camera.keep_days.is_not(None)).order_by(Camera.name)):
        days = camera.keep_days or 0.0
        before = now - timedelta(days=days)
        past = select(SightingRow.id).where(SightingRow.camera_id == camera.id, SightingRow.last_seen < before)
        found.append(Expired(camera.name, days, before, tuple(session.scalars(past.order_by(SightingRow.id)))))
    return found
