"""Cameras and footage as they become known: once each, whoever registers them, however often and at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveil.store.session import Database
from surveil.store.tables import Base, Camera, Footage
from surveil.types import Source


def register_camera(session: Session, name: str) -> int:
    """The id of the camera of that name, which is made if it is new."""
    insert_if_new(session, Camera, {"name": name}, unique=Camera.name)
    return session.scalars(select(Camera.id).where(Camera.name == name)).one()


def register_footage(database: Database, source: Source) -> tuple[int, str]:
    """Make footage known; its content says whether it is known already, not its name.

    Footage that is still to be done takes over what the source says now (path, camera, start). Footage that is done
    keeps what its sightings were made with, and only follows its file to a new place when the old one is gone.

    Returns:
        Its id, and its state: "waiting" (also when it is new), "working", "done" or "failed".
    """
    with database.session() as session:
        values = {
            "camera_id": register_camera(session, source.camera),
            "camera_from": source.camera_from,
            "path": str(source.path),
            "kind": source.kind,
            "started_at": source.started_at,
            "started_from": source.started_from,
        }
        insert_if_new(session, Footage, values | {"content_hash": source.content_hash}, unique=Footage.content_hash)
        known = Footage.content_hash == source.content_hash
        session.execute(update(Footage).where(known, Footage.state.in_(("waiting", "failed"))).values(values))
        [(footage_id, state, path)] = session.execute(select(Footage.id, Footage.state, Footage.path).where(known))
        if path != values["path"] and not Path(path).exists():
            session.execute(update(Footage).where(known).values(path=values["path"]))
    return footage_id, state


def insert_if_new(
    session: Session, table: type[Base], values: dict[str, Any], *, unique: InstrumentedAttribute[Any]
) -> None:
    """Insert a row unless one with its value in the unique column exists; waits for whoever inserts that just now."""
    dialect = session.get_bind().dialect.name
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table).values(values)
    session.execute(statement.on_conflict_do_nothing(index_elements=[unique]))
