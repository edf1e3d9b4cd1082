"""What an operator says of cameras: their zones, and how wrong their clocks are."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    String,
    cast,
    func,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveil.errors import StoreError
from surveil.store.columns import UTCDateTime
from surveil.store.locks import lock_sightings
from surveil.store.register import register_camera
from surveil.store.tables import Camera, CropRow, Footage, SightingRow
from surveil.timezones import zone_named

MAX_OFFSET = 100 * 366 * 86400.0
"""Seconds; a clock that was never set starts in 1970."""


MAX_KEEP_DAYS = 36_600.0
"""Whoever wants more keeps for ever."""


def configure_camera(
    session: Session,
    name: str,
    *,
    zone: str | None = None,
    clock_offset: float | None = None,
    keep_days: float | None = None,
    create: bool = False,
) -> Camera:
    """Change what is known of a camera; None leaves it as it is.

    A new clock offset moves the times of everything the camera has seen, by the difference, in the session's
    transaction. A new zone moves nothing: it says how times are shown, and how those of later footage are read.

    Args:
        session: A session.
        name: The camera.
        zone: IANA name, such as Europe/Rome.
        clock_offset: Seconds to add to the times the camera stamps.
        keep_days: Days after which who was seen is to be deleted; infinite: never.
        create: Whether to make the camera when it is unknown.

    Raises:
        StoreError: The camera is unknown, or the offset makes no sense.
        SurveilError: There is no such zone.
    """
    if zone is not None:
        zone_named(zone)
    if clock_offset is not None and not abs(clock_offset) <= MAX_OFFSET:
        raise StoreError(f"no clock is {clock_offset} seconds off", f"camera {name}", "Give seconds, such as -180.")
    if keep_days is not None and not keep_days > 0:
        raise StoreError(f"{keep_days} days make no sense", f"camera {name}", "Give more than 0, or 'inf' for ever.")
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
    if keep_days is not None:
        camera.keep_days = keep_days if keep_days < MAX_KEEP_DAYS else None
    if clock_offset is not None:
        move_times(
            session,
            SightingRow.camera_id == camera.id,
            timedelta(seconds=clock_offset) - timedelta(seconds=camera.clock_offset),
        )
        camera.clock_offset = clock_offset
    session.flush()
    return camera


def camera_names(session: Session) -> list[str]:
    """The names of all cameras, in order."""
    return list(session.scalars(select(Camera.name).order_by(Camera.name)))


def camera_zones(session: Session) -> set[str]:
    """The time zones in which cameras stand."""
    return set(session.scalars(select(Camera.zone)))


def list_cameras(session: Session) -> list[tuple[Camera, int, int]]:
    """Every camera by name, with how much footage and how many sightings it has."""
    footage = select(func.count()).where(Footage.camera_id == Camera.id).scalar_subquery()
    sightings = select(func.count()).where(SightingRow.camera_id == Camera.id).scalar_subquery()
    return [
        (row[0], row[1], row[2]) for row in session.execute(select(Camera, footage, sightings).order_by(Camera.name))
    ]


def move_times(session: Session, which: ColumnElement[bool], shift: timedelta) -> None:
    """Move sightings and their crops in time, to the microsecond, so that moving back restores every time exactly.

    Args:
        session: A session.
        which: Condition on the sightings.
        shift: By how much.

    Raises:
        StoreError: A time would leave the years 1 to 9999.
    """
    if not shift:
        return
    seen = select(SightingRow.id).where(which)
    lock_sightings(session, which)
    for column, of_camera in (
        (SightingRow.first_seen, which),
        (SightingRow.last_seen, which),
        (CropRow.taken_at, CropRow.sighting_id.in_(seen)),
    ):
        _check_range(session, column, of_camera, shift)
    shifted = {name: _shifted(session, getattr(SightingRow, name), shift) for name in ("first_seen", "last_seen")}
    unsynchronized = {"synchronize_session": False}
    moved = update(SightingRow).where(which).values(shifted)
    session.execute(moved, execution_options=unsynchronized)
    pictures = (
        update(CropRow).where(CropRow.sighting_id.in_(seen)).values(taken_at=_shifted(session, CropRow.taken_at, shift))
    )
    session.execute(pictures, execution_options=unsynchronized)


def _shifted(session: Session, time: InstrumentedAttribute[datetime], shift: timedelta) -> ColumnElement[datetime]:
    """A time column plus a shift, as SQL that works in whole microseconds."""
    microseconds = shift // timedelta(microseconds=1)
    if session.get_bind().dialect.name == "postgresql":
        # Not an interval of days: those have 23 or 25 hours when the server's clock changes.
        return time + literal(float(microseconds), Float) * text("interval '1 microsecond'")
    stored = type_coerce(time, String)  # "2024-03-01 12:00:00.000000"; SQLite's own functions know milliseconds only
    whole = cast(func.strftime("%s", func.substr(stored, 1, 19)), BigInteger) * 1_000_000
    moment = whole + cast(func.substr(stored, 21, 6), BigInteger) + microseconds
    fraction = (moment % 1_000_000 + 1_000_000) % 1_000_000  # times before 1970 are negative
    second = func.datetime((moment - fraction) // 1_000_000, "unixepoch")
    return type_coerce(func.printf("%s.%06d", second, fraction), UTCDateTime)


def _check_range(
    session: Session, time: InstrumentedAttribute[datetime], of_camera: ColumnElement[bool], shift: timedelta
) -> None:
    earliest, latest = session.execute(select(func.min(time), func.max(time)).where(of_camera)).one()
    try:
        [moment + shift for moment in (earliest, latest) if moment is not None]
    except OverflowError as error:
        raise StoreError(
            f"moved by {shift.total_seconds():g} seconds, times from {earliest} to {latest} leave the calendar",
            "--clock-offset",
            "Give the seconds by which the camera's clock is wrong, such as -180.",
        ) from error
