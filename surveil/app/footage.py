"""Reading what is stored of footage and of single sightings."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.app.results import FootageStatus, SightingDetail, Status
from surveil.app.search import as_match
from surveil.errors import QueryError
from surveil.ingest.leases import database_now, is_stale
from surveil.search.rank import Score, load_sightings
from surveil.store.footage import correct_footage, find_footage
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Camera, Crop, Footage, SightingRow
from surveil.timezones import parse_time, zone_named
from surveil.types import FootageWarning, FrameCounts

FRAMES = tuple(field.name for field in fields(FrameCounts))


def status(session: Session) -> Status:
    """Every piece of footage, by camera and start."""
    people = select(func.count()).where(SightingRow.footage_id == Footage.id).scalar_subquery()
    statement = select(Footage, Camera.name, people).join(Camera).order_by(Camera.name, Footage.started_at, Footage.id)
    now = database_now(session)
    return Status(
        footage=tuple(
            FootageStatus(
                footage=row.id,
                path=row.path,
                camera=camera,
                camera_from=row.camera_from,
                started_at=row.started_at,
                started_from=row.started_from,
                duration=row.duration,
                state=row.state,
                stale=is_stale(row, now),
                progress=row.progress,
                frames=FrameCounts(**{name: row.frames.get(name, 0) for name in FRAMES}),
                sightings=sightings,
                warnings=tuple(FootageWarning(**warning) for warning in row.warnings),
                error=row.error,
            )
            for row, camera, sightings in session.execute(statement)
        )
    )


def correct(database: Database, which: str, camera: str | None, start: datetime | str | None) -> list[str]:
    """Correct footage; a start without an offset from UTC is local to the camera that it has then."""
    start = parse_time(start) if isinstance(start, str) else start
    if start is not None and start.tzinfo is None:
        with database.session() as session:
            name = camera or find_footage(session, which)[0].camera.name
            zone = session.scalars(select(Camera.zone).where(Camera.name == name)).one_or_none()
        start = start.replace(tzinfo=zone_named(zone or "UTC"))
    return correct_footage(database, which, camera=camera, start=start)


def sighting_detail(session: Session, media: MediaFolder, sighting: int) -> SightingDetail:
    """Everything stored of a sighting.

    Raises:
        QueryError: There is none of that number.
    """
    stored = session.get(SightingRow, sighting)
    if stored is None:
        raise QueryError(f"no sighting has the number {sighting}", next_step="See `surveil search`.")
    [ranked] = load_sightings(session, {sighting: Score()})
    keys = select(Crop.media_key).where(Crop.sighting_id == sighting).order_by(Crop.rank)
    return SightingDetail(
        match=as_match(ranked, media),
        boxes=tuple(tuple(row) for row in stored.boxes),
        crops=tuple(str(media.path(key)) for key in session.scalars(keys)),
    )
