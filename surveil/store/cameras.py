"""What an operator says of cameras: their zones, and how wrong their clocks are."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.register import register_camera
from surveil.store.tables import Camera, Crop, Footage, SightingRow
from surveil.timezones import zone_named

MAX_OFFSET = 100 * 366 * 86400.0
"""Seconds; a clock that was never set starts in 1970."""
ROWS = 10_000


def configure_camera(
    session: Session, name: str, *, zone: str | None = None, clock_offset: float | None = None, create: bool = False
) -> Camera:
    """Change what is known of a camera; None leaves it as it is.

    A new clock offset moves the times of everything the camera has seen, by the difference, in the session's
    transaction. A new zone moves nothing: it says how times are shown, and how those of later footage are read.

    Args:
        session: A session.
        name: The camera.
        zone: IANA name, such as Europe/Rome.
        clock_offset: Seconds to add to the times the camera stamps.
        create: Whether to make the camera when it is unknown.

    Raises:
        StoreError: The camera is unknown, or the offset makes no sense.
        SurveilError: There is no such zone.
    """
    if zone is not None:
        zone_named(zone)
    if clock_offset is not None and not abs(clock_offset) <= MAX_OFFSET:
        raise StoreError(f"no clock is {clock_offset} seconds off", f"camera {name}", "Give seconds, such as -180.")
    if create:
        register_camera(session, name)
    # Held until the commit, so that no footage of this camera is finished with the old offset meanwhile.
    session.execute(update(Camera).where(Camera.name == name).values(name=name))
    camera = session.scalars(select(Camera).where(Camera.name == name)).one_or_none()
    if camera is None:
        known = ", ".join(session.scalars(select(Camera.name).order_by(Camera.name))) or "none yet"
        raise StoreError("unknown camera", name, f"Known: {known}. To add it before its footage: --new.")
    if zone is not None:
        camera.zone = zone
    if clock_offset is not None:
        _move_times(session, camera.id, timedelta(seconds=clock_offset) - timedelta(seconds=camera.clock_offset))
        camera.clock_offset = clock_offset
    session.flush()
    return camera


def list_cameras(session: Session) -> list[tuple[Camera, int, int]]:
    """Every camera by name, with how much footage and how many sightings it has."""
    footage = select(func.count()).where(Footage.camera_id == Camera.id).scalar_subquery()
    sightings = select(func.count()).where(SightingRow.camera_id == Camera.id).scalar_subquery()
    return [
        (row[0], row[1], row[2]) for row in session.execute(select(Camera, footage, sightings).order_by(Camera.name))
    ]


def _move_times(session: Session, camera_id: int, shift: timedelta) -> None:
    """Add in Python: whole microseconds on both databases, so that moving back restores every time exactly."""
    if not shift:
        return
    sightings = select(SightingRow.id, SightingRow.first_seen, SightingRow.last_seen).where(
        SightingRow.camera_id == camera_id
    )
    _shift_columns(session, SightingRow, sightings, shift)
    crops = select(Crop.id, Crop.taken_at).join(SightingRow).where(SightingRow.camera_id == camera_id)
    _shift_columns(session, Crop, crops, shift)


def _shift_columns(
    session: Session, table: type[SightingRow] | type[Crop], rows: Select[*tuple[object, ...]], shift: timedelta
) -> None:
    """Shift the columns that a query selects after the id, some rows at a time."""
    last = 0
    while part := session.execute(rows.where(table.id > last).order_by(table.id).limit(ROWS)).mappings().all():
        last = part[-1]["id"]
        moved = [{name: value if name == "id" else value + shift for name, value in row.items()} for row in part]
        session.execute(update(table), moved, execution_options={"synchronize_session": False})
