"""What is remembered of files, so that a scan need not read again what has not changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveil.files import path_text
from surveil.store.register import MAX_ATTEMPTS
from surveil.store.session import Database
from surveil.store.tables import Camera, Footage, ScannedFile
from surveil.store.unopened import was_opened
from surveil.store.upsert import insert_or_update
from surveil.types import FoundFootage, Source

_COLUMNS = (Footage.id, Footage.path, Camera.name, Footage.state, Footage.attempts, Footage.error)


@dataclass(frozen=True, slots=True)
class StoredFootage:
    """Footage as the database knows it."""

    footage_id: int
    path: str
    camera: str
    state: str
    attempts: int
    error: str | None

    @property
    def is_given_up(self) -> bool:
        """Whether too many workers died on it."""
        return self.state == "failed" and self.attempts >= MAX_ATTEMPTS

    def remark(self, path: Path, camera: str | None) -> str:
        """Why footage that is done needs no work.

        Args:
            path: Where it was found now.
            camera: What the user calls its camera; None: nothing was said.
        """
        same = "ingested before" if self.path == path_text(path) else f"the same content as {self.path}"
        if camera is None or camera == self.camera:
            return same
        return f"{same}, as camera {self.camera}; to correct that: surveil footage set {self.footage_id} --camera"


@dataclass(frozen=True, slots=True)
class RememberedFile:
    """A file, or a camera's pictures in a folder, as the last scan found it."""

    size: int
    mtime_ns: int
    content_hash: str
    footage: StoredFootage

    def is_unchanged(self, found: FoundFootage) -> bool:
        """Whether size and time are still the same."""
        return (self.size, self.mtime_ns) == (found.size, found.mtime_ns)


def remembered_files(database: Database, keys: Collection[str]) -> dict[str, RememberedFile]:
    """What is remembered of these files, by `FoundFootage.scan_key`; those never seen are left out."""
    statement = (
        select(ScannedFile.path, ScannedFile.size, ScannedFile.mtime_ns, ScannedFile.content_hash, *_COLUMNS)
        .join(Footage, ScannedFile.footage_id == Footage.id)
        .join(Camera, Footage.camera_id == Camera.id)
        .where(ScannedFile.path.in_(keys))
    )
    with database.session() as session:
        return {row[0]: RememberedFile(*row[1:4], _stored(row[4:])) for row in session.execute(statement)}


def stored_footage(database: Database, footage_ids: Collection[int]) -> dict[int, StoredFootage]:
    """Footage as the database knows it, by its number; what is not there any more is left out."""
    statement = select(*_COLUMNS).join(Camera, Footage.camera_id == Camera.id).where(Footage.id.in_(footage_ids))
    with database.session() as session:
        return {row.id: _stored(row) for row in session.execute(statement)}


def _stored(columns: Sequence[Any]) -> StoredFootage:
    return StoredFootage(*columns)


def remember_file(database: Database, key: str, source: Source, footage_id: int) -> None:
    """Note what a file looked like when it was hashed, and which footage it is.

    Footage that the file was before, and that was never ingested, is forgotten if nothing else holds its content.
    """
    values = {
        "size": source.size,
        "mtime_ns": source.mtime_ns,
        "content_hash": source.content_hash,
        "footage_id": footage_id,
    }
    with database.session() as session:
        before = session.scalars(select(ScannedFile.footage_id).where(ScannedFile.path == key)).one_or_none()
        insert_or_update(session, ScannedFile, {"path": key, **values}, unique=ScannedFile.path)
        was_opened(session, path_text(source.path))
        if before is not None and before != footage_id:
            _forget_if_gone(session, before)


def _forget_if_gone(session: Session, footage_id: int) -> None:
    still_there = select(ScannedFile.id).where(ScannedFile.footage_id == footage_id).exists()
    never_done = Footage.state.in_(("waiting", "failed"))
    session.execute(delete(Footage).where(Footage.id == footage_id, never_done, ~still_there))
