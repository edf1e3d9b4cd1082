"""What an operator does with stored footage: forget it, have it done again, correct its camera and start."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.cameras import move_times
from surveil.store.holds import check_not_held
from surveil.store.locks import lock_sightings
from surveil.store.media import MediaFolder
from surveil.store.register import register_camera
from surveil.store.retry import once_more
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Footage, ResumePoint, SightingRow
from surveil.store.traces import erase_traces, leave_traces
from surveil.store.unopened import unopened_files

BATCH_SIZE = 1000


def footage_named(session: Session, which: str) -> list[Footage]:
    """The footage of a number, or at a path, held until the transaction ends.

    A folder of crops may be several, one per camera.

    Raises:
        StoreError: There is none.
    """
    named = Footage.id == int(which) if which.isdecimal() else Footage.path == which
    found = list(session.scalars(select(Footage).where(named).order_by(Footage.id).with_for_update()))
    if not found:
        raise StoreError("no such footage", which, "Give a number or a whole path from: surveil footage list")
    return found


def knows_path(session: Session, path: str) -> bool:
    """Whether footage lies there, or a file that could not be opened."""
    where = select(Footage.id).where(Footage.path == path).limit(1)
    return session.scalar(where) is not None or any(file.path == path for file in unopened_files(session))


@once_more
def forget_footage(database: Database, media: MediaFolder, which: str) -> list[str]:
    """Delete footage with all that was seen in it, the pictures that nothing else refers to, and their traces.

    Traces that others keep from being erased, because they use the database all the time, go with the next ones.

    Returns:
        The paths of what was forgotten. The files themselves stay; another ingest would take them again.

    Raises:
        StoreError: There is no such footage, it is being worked on, or an open case holds it.
    """
    begun = time.time()
    with database.session() as session:
        footage = footage_named(session, which)
        _not_in_work(footage)
        check_not_held(session, footage)
        ids, paths = [piece.id for piece in footage], [piece.path for piece in footage]
        keys = media_keys(session, ids)
        lock_sightings(session, SightingRow.footage_id.in_(ids), deleting=True)
        session.execute(delete(Footage).where(Footage.id.in_(ids)))
        leave_traces(session)
    delete_pictures(database, media, keys, begun)
    erase_traces(database)
    return paths


@once_more
def redo_footage(database: Database, which: str) -> list[str]:
    """Let footage wait to be done again, whatever its state; what is stored of it stays until then.

    Raises:
        StoreError: There is no such footage, or it is being worked on.
    """
    with database.session() as session:
        footage = footage_named(session, which)
        _not_in_work(footage)
        for piece in footage:
            piece.state, piece.error, piece.attempts, piece.watermark, piece.progress = "waiting", None, 0, None, 0.0
            session.execute(delete(ResumePoint).where(ResumePoint.footage_id == piece.id))
        return [piece.path for piece in footage]


@once_more
def correct_footage(
    database: Database, which: str, *, camera: str | None = None, start: datetime | None = None
) -> list[str]:
    """Say which camera recorded footage, or when it starts; the times of what was seen in it move along.

    Args:
        database: Where it is.
        which: Its number or path.
        camera: The camera's name; it is added if it is new. Its clock offset counts from now on.
        start: When the footage starts, by the camera's clock.

    Raises:
        StoreError: There is no such footage, it is being worked on, or a time would leave the calendar.
    """
    with database.session() as session:
        footage = footage_named(session, which)
        _not_in_work(footage)
        after = None if camera is None else _new_camera(session, camera, footage)
        lock_sightings(session, SightingRow.footage_id.in_([piece.id for piece in footage]))
        for piece in footage:
            shift = timedelta(0)
            if after is not None:
                before = piece.camera
                shift += timedelta(seconds=after.clock_offset - before.clock_offset)
                piece.camera_id, piece.camera_from = after.id, "flag"
                seen = update(SightingRow).where(SightingRow.footage_id == piece.id)
                session.execute(seen.values(camera_id=after.id), execution_options={"synchronize_session": False})
            if start is not None:
                shift += start - piece.started_at
                piece.started_at, piece.started_from = start, "flag"
            move_times(session, SightingRow.footage_id == piece.id, shift)
        return [piece.path for piece in footage]


def media_keys(session: Session, footage_ids: Collection[int]) -> set[str]:
    """The pictures of what was seen in footage."""
    of_footage = select(CropRow.media_key).join(SightingRow).where(SightingRow.footage_id.in_(footage_ids))
    return set(session.scalars(of_footage))


def delete_pictures(database: Database, media: MediaFolder, keys: Collection[str], since: float) -> None:
    """Delete pictures that no sighting refers to any more.

    Those that were put there again after `since` (seconds since 1970) stay: whoever did that may not have stored yet
    what refers to them.
    """
    for some in _parts(sorted(keys)):
        with database.session() as session:
            kept = set(session.scalars(select(CropRow.media_key).where(CropRow.media_key.in_(some))))
        for key in some:
            path = media.path(key)
            with suppress(OSError):  # gone already, or not ours: `surveil db check` counts what is left
                if key not in kept and path.stat().st_mtime < since:
                    path.unlink()


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(keys), BATCH_SIZE):
        yield keys[first : first + BATCH_SIZE]


def _new_camera(session: Session, name: str, footage: list[Footage]) -> Camera:
    """The camera that footage gets; it and those before are held, so that no clock offset changes meanwhile."""
    key = register_camera(session, name)
    ids = {key, *(piece.camera_id for piece in footage)}
    held = select(Camera).where(Camera.id.in_(ids)).order_by(Camera.id).with_for_update(read=True)
    return {camera.id: camera for camera in session.scalars(held)}[key]


def _not_in_work(footage: list[Footage]) -> None:
    for piece in footage:
        if piece.state == "working":
            raise StoreError(
                "it is being worked on", piece.path, "Stop that first; if its worker is gone, ingest it to its end."
            )
