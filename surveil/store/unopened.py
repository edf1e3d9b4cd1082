"""Files that were taken for footage and could not be opened, and why: they have no camera and no sightings."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveil.errors import FootageError
from surveil.files import is_reachable, path_text, text_path
from surveil.store.clock import database_now
from surveil.store.granted import is_restricted
from surveil.store.session import Database
from surveil.store.tables import UnopenedFile
from surveil.store.upsert import insert_or_update


def note_unopened(database: Database, error: FootageError) -> None:
    """Note that a file, or a folder, cannot be opened, and why. One that is not there is no file."""
    path = text_path(str(error.where))
    if not path.is_absolute() or not (is_reachable(path) and path.exists()):
        return
    what = f"{error.what}. {error.next_step}" if error.next_step else error.what
    with database.session() as session:
        values = {"path": path_text(path), "what": what, "noticed_at": database_now(session)}
        insert_or_update(session, UnopenedFile, values, unique=UnopenedFile.path)


def was_opened(session: Session, path: str) -> None:
    """A file (`path_text`) could be opened: forget that it could not."""
    session.execute(delete(UnopenedFile).where(UnopenedFile.path == path))


def forget_gone(database: Database) -> None:
    """Forget the files that are gone, and the folders that can be read now."""
    with database.session() as session:
        for row in session.scalars(select(UnopenedFile)):
            path = text_path(row.path)
            if is_reachable(path.parent) and (not path.exists() or (path.is_dir() and os.access(path, os.R_OK))):
                session.delete(row)


def unopened_files(session: Session) -> Sequence[UnopenedFile]:
    """Those that could not be opened, by path; none for whoever may see only some cameras: they are of no camera."""
    if is_restricted():
        return ()
    return session.scalars(select(UnopenedFile).order_by(UnopenedFile.path)).all()
