"""Cameras and footage as they become known: once each, whoever registers them, however often and at the same time."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.files import is_reachable, path_text, text_path
from surveil.store.session import Database
from surveil.store.tables import Camera, Footage
from surveil.store.upsert import insert_if_new
from surveil.types import Source

MAX_ATTEMPTS = 3
"""So many workers may die on a piece of footage before it is taken for their cause of death, and given up."""
MAX_CAMERA_NAME = 200
"""Characters."""


def register_camera(session: Session, name: str) -> int:
    """The id of the camera of that name, which is made if it is new."""
    insert_if_new(session, Camera, {"name": name}, unique=Camera.name)
    return session.scalars(select(Camera.id).where(Camera.name == name)).one()


def register_footage(database: Database, source: Source, *, again: bool = False) -> tuple[int, str]:
    """Make footage known; its content says whether it is known already, not its name.

    Footage that is still to be done takes over what the source says now (path, camera, start), and waits again if it
    had failed, unless it was given up because `MAX_ATTEMPTS` workers died on it. Footage that is done keeps what its
    sightings were made with, and only follows its file to a new place when the old one is gone.

    Args:
        database: Where to register it.
        source: The footage.
        again: Whether footage that is done, or given up, is to be done again.

    Returns:
        Its id, and its state: "waiting" (also when it is new), "working", "done" or "failed" (given up).
    """
    with database.session() as session:
        columns = _columns(session, source)
        insert_if_new(session, Footage, columns | {"content_hash": source.content_hash}, unique=Footage.content_hash)
        same = select(Footage).where(Footage.content_hash == source.content_hash)
        footage = session.scalars(same.with_for_update()).one()
        if _is_to_be_done(footage, again):
            if footage.state == "done":  # its sightings stay until others take their place
                footage.watermark, footage.progress = None, 0.0
            _change(footage, _kept(footage, columns) | {"state": "waiting", "error": None})
            footage.attempts = 0 if again else footage.attempts
        elif footage.path != columns["path"] and not is_reachable(text_path(footage.path)):
            footage.path = columns["path"]
        return footage.id, footage.state


def take_over_source(database: Database, footage_id: int, owner: str, source: Source) -> Source:
    """Give footage that this owner has claimed the path, camera and start that are said now.

    A worker that died may have been told otherwise.

    Returns:
        The source with the camera and start that count.
    """
    with database.session() as session:
        columns = _columns(session, source)
        ours = select(Footage).where(Footage.id == footage_id, Footage.lease_owner == owner)
        footage = session.scalars(ours.with_for_update()).one_or_none()
        if footage is None:
            return source
        _change(footage, _kept(footage, columns))
        session.flush()
        session.refresh(footage, ["camera"])
        warnings = source.warnings if footage.started_at == source.started_at else ()
        return dataclasses.replace(source, camera=footage.camera.name, started_at=footage.started_at, warnings=warnings)


def _is_to_be_done(footage: Footage, again: bool) -> bool:
    given_up = footage.state == "failed" and footage.attempts >= MAX_ATTEMPTS
    return (footage.state in ("waiting", "failed") and not given_up) or (again and footage.state in ("failed", "done"))


def _kept(footage: Footage, columns: dict[str, Any]) -> dict[str, Any]:
    """The columns without those that an operator has said, and that only an operator may change."""
    kept = dict(columns)
    for value, origin in (("camera_id", "camera_from"), ("started_at", "started_from")):
        if getattr(footage, origin) == "flag" != columns[origin]:
            del kept[value], kept[origin]
    return kept


def _change(footage: Footage, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(footage, name, value)


def _columns(session: Session, source: Source) -> dict[str, Any]:
    return {
        "camera_id": register_camera(session, source.camera),
        "camera_from": source.camera_from,
        "path": path_text(source.path),
        "kind": source.kind,
        "size": source.size,
        "mtime_ns": source.mtime_ns,
        "started_at": source.started_at,
        "started_from": source.started_from,
    }
