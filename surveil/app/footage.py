"""Reading what is stored of footage and of single sightings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import numpy as np
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from surveil.app.results import DaemonStatus, FootageStatus, Match, SightingDetail, Status, UnopenedFileStatus
from surveil.app.search import as_match
from surveil.attributes import ATTRIBUTES, OUTPUT_NAMES
from surveil.errors import QueryError
from surveil.ingest.daemon import is_alive
from surveil.ingest.leases import is_stale
from surveil.search.rank import Score, load_sightings
from surveil.store.clock import database_now
from surveil.store.footage import correct_footage, footage_named
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Daemon, Description, Footage, Model, SightingRow
from surveil.store.unopened import unopened_files
from surveil.timezones import parse_time, zone_named
from surveil.types import FootageWarning, FrameCounts

FRAMES = tuple(field.name for field in fields(FrameCounts))


def status(session: Session) -> Status:
    """Every piece of footage, by camera and start, and who watches folders."""
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
        ),
        daemons=daemons(session),
        unopened=tuple(
            UnopenedFileStatus(file=row.id, path=row.path, what=row.what, noticed_at=row.noticed_at)
            for row in unopened_files(session)
        ),
    )


def daemons(session: Session, owner: str | None = None) -> tuple[DaemonStatus, ...]:
    """Those who watch folders, or the one of that owner, with how far the whole database is."""
    rows = select(Daemon).order_by(Daemon.started_at, Daemon.id)
    counted = select(Footage.state, func.count()).group_by(Footage.state)
    counts: dict[str, int] = dict(session.execute(counted.where(Footage.state != "done")).all())
    failed = counts.get("failed", 0) + len(unopened_files(session))
    now = database_now(session)
    return tuple(
        DaemonStatus(
            host=row.host,
            pid=row.pid,
            folders=tuple(row.folders),
            alive=is_alive(row, now),
            started_at=row.started_at,
            seen_at=row.seen_at,
            last_scan=row.last_scan,
            away=tuple(row.away),
            growing=row.growing,
            waiting=counts.get("waiting", 0),
            working=counts.get("working", 0),
            failed=failed,
        )
        for row in session.scalars(rows if owner is None else rows.where(Daemon.owner == owner))
    )


def correct(database: Database, which: str, camera: str | None, start: datetime | str | None) -> list[str]:
    """Correct footage; a start without an offset from UTC is local to the camera that it has then."""
    start = parse_time(start) if isinstance(start, str) else start
    if start is not None and start.tzinfo is None:
        with database.session() as session:
            name = camera or footage_named(session, which)[0].camera.name
            zone = session.scalars(select(Camera.zone).where(Camera.name == name)).one_or_none()
        start = start.replace(tzinfo=zone_named(zone or "UTC"))
    return correct_footage(database, which, camera=camera, start=start)


def stored_sighting(session: Session, sighting: int) -> SightingRow:
    """A sighting.

    Raises:
        QueryError: There is none of that number.
    """
    stored = session.get(SightingRow, sighting)
    if stored is None:
        raise QueryError(f"no sighting has the number {sighting}", next_step="See `surveil search`.")
    return stored


def crop_keys(session: Session, sighting: int) -> Sequence[str]:
    """Keys of the crops of a sighting in the media folder, the best first.

    Raises:
        QueryError: There is none of that number.
    """
    stored_sighting(session, sighting)
    return session.scalars(
        select(CropRow.media_key).where(CropRow.sighting_id == sighting).order_by(CropRow.rank)
    ).all()


def sighting_detail(session: Session, media: MediaFolder, sighting: int) -> SightingDetail:
    """Everything stored of a sighting.

    Raises:
        QueryError: There is none of that number.
    """
    stored = stored_sighting(session, sighting)
    [ranked] = load_sightings(session, {sighting: Score()})
    keys = crop_keys(session, sighting)
    return SightingDetail(
        match=as_match(ranked, media),
        boxes=tuple(tuple(row) for row in stored.boxes),
        crops=tuple(str(media.path(key)) for key in keys),
        footage=stored.footage_id,
        is_film=stored.footage.kind == "video",
        probabilities=_probabilities(session, sighting),
    )


def neighbours(
    session: Session, media: MediaFolder, sighting: int, limit: int
) -> tuple[tuple[Match, ...], tuple[Match, ...]]:  # fmt: skip
    """Who was seen before a sighting, and who after it, by the same camera; both in order of time.

    Raises:
        QueryError: There is none of that number.
    """
    here = stored_sighting(session, sighting)
    place = tuple_(SightingRow.first_seen, SightingRow.id)
    moment = (here.first_seen, here.id)
    of_camera = select(SightingRow.id).where(SightingRow.camera_id == here.camera_id).limit(limit)
    before = of_camera.where(place < moment).order_by(SightingRow.first_seen.desc(), SightingRow.id.desc())
    after = of_camera.where(place > moment).order_by(SightingRow.first_seen, SightingRow.id)
    found = [list(reversed(session.scalars(before).all())), session.scalars(after).all()]
    shown = [load_sightings(session, {number: Score() for number in numbers}) for numbers in found]
    earlier, later = (tuple(as_match(one, media) for one in part) for part in shown)
    return earlier, later


def _probabilities(session: Session, sighting: int) -> dict[str, dict[str, float]]:
    """What the model in use says of each label; nothing where it never saw the sighting."""
    in_use = select(Model.id).where(Model.in_use).scalar_subquery()
    said = select(Description).where(Description.sighting_id == sighting, Description.model_id == in_use)
    description = session.scalars(said).one_or_none()
    if description is None:
        return {}
    outputs = np.array([getattr(description, name) for name in OUTPUT_NAMES], np.float32)
    return {
        attribute.name: dict(zip(attribute.labels, attribute.probabilities(outputs).tolist(), strict=True))
        for attribute in ATTRIBUTES
    }
