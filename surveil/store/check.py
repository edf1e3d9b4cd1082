"""Is the database whole? What its rows promise each other, and what `media_check` found of the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.media import MediaFolder
from surveil.store.media_check import MAX_EXAMPLES, MediaState
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Description, Embedding, Footage, Identity, SightingRow


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: which check found it, what it is, how often, and a few examples."""

    check: str
    what: str
    count: int = 1
    examples: list[str] = field(default_factory=list)


def count_rows(session: Session) -> dict[str, int]:
    """How much the database holds, by table."""
    tables = (Camera, Footage, SightingRow, CropRow, Identity)
    return {table.__tablename__: session.scalars(select(func.count()).select_from(table)).one() for table in tables}


def find_problems(database: Database) -> Iterator[Problem]:
    """Everything that is wrong with the database.

    Raises:
        StoreError: The database is too damaged to be read.
    """
    with database.session() as session:
        if database.dialect == "sqlite":
            yield from _sqlite_problems(session)
        yield from _not_described(session)


def media_problems(media: MediaFolder, state: MediaState) -> Iterator[Problem]:
    """What is wrong with the pictures; those that nothing refers to are nothing wrong."""
    for check, found, what in (
        ("crops", state.missing, "pictures are missing in"),
        ("pictures", state.damaged, "pictures are damaged in"),
    ):
        if found.count:
            yield Problem(check, f"{what} {media.folder}", found.count, found.examples)


def _sqlite_problems(session: Session) -> Iterator[Problem]:
    connection = session.connection()
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    if said != ["ok"]:
        yield Problem("integrity", "the database file is damaged", len(said), said[:MAX_EXAMPLES])
    loose = [f"{table} row {row} refers to {parent}" for table, row, parent, _ in _foreign_keys(session)]
    if loose:
        yield Problem("references", "rows refer to rows that do not exist", len(loose), loose[:MAX_EXAMPLES])


def _foreign_keys(session: Session) -> Iterator[tuple[str, int, str, int]]:
    for row in session.connection().exec_driver_sql("PRAGMA foreign_key_check"):
        yield row[0], row[1], row[2], row[3]


def _not_described(session: Session) -> Iterator[Problem]:
    try:
        model_id = model_in_use(session).id
    except StoreError:
        rows = select(SightingRow.id).order_by(SightingRow.id)
        yield from _counted(session, "model", "no model is in use, but there are sightings", rows)
        return
    for check, table, what in (("descriptions", Description, "description"), ("embeddings", Embedding, "embedding")):
        said = exists().where(table.sighting_id == SightingRow.id, table.model_id == model_id)
        rows = select(SightingRow.id).where(~said).order_by(SightingRow.id)
        yield from _counted(session, check, f"sightings have no {what} of the model in use", rows)


def _counted(session: Session, check: str, what: str, ids: Select[int]) -> Iterator[Problem]:
    count = session.scalars(select(func.count()).select_from(ids.subquery())).one()
    if count:
        examples = [f"sighting {number}" for number in session.scalars(ids.limit(MAX_EXAMPLES))]
        yield Problem(check, what, count, examples)
