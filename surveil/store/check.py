"""Is the store whole? The database itself, and what it and the media folder promise each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.media import MediaFolder
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import Camera, Crop, Description, Embedding, Footage, Identity, SightingRow

EXAMPLES = 5
ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: which check found it, what it is, how often, and a few examples."""

    check: str
    what: str
    count: int = 1
    examples: list[str] = field(default_factory=list)


def count_rows(session: Session) -> dict[str, int]:
    """How much the database holds, by table."""
    tables = (Camera, Footage, SightingRow, Crop, Identity)
    return {table.__tablename__: session.scalars(select(func.count()).select_from(table)).one() for table in tables}


def find_problems(database: Database, media: MediaFolder) -> Iterator[Problem]:
    """Everything that is wrong with the store.

    Raises:
        StoreError: The database is too damaged to be read.
    """
    with database.session() as session:
        if database.dialect == "sqlite":
            yield from _sqlite_problems(session)
        yield from _sightings_of_unfinished_footage(session)
        yield from _not_described(session)
        yield from _missing_crops(session, media)


def count_unreferenced(database: Database, media: MediaFolder) -> int:
    """Pictures that no sighting refers to: left by footage whose work was cut short, or by sightings that are gone."""
    with database.session() as session:
        present = sum(media.path(key).is_file() for key in _media_keys(session))
    return sum(1 for _ in media) - present


def _sqlite_problems(session: Session) -> Iterator[Problem]:
    connection = session.connection()
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    if said != ["ok"]:
        yield Problem("integrity", "the database file is damaged", len(said), said[:EXAMPLES])
    loose = [f"{table} row {row} refers to {parent}" for table, row, parent, _ in _foreign_keys(session)]
    if loose:
        yield Problem("references", "rows refer to rows that do not exist", len(loose), loose[:EXAMPLES])


def _foreign_keys(session: Session) -> Iterator[tuple[str, int, str, int]]:
    for row in session.connection().exec_driver_sql("PRAGMA foreign_key_check"):
        yield row[0], row[1], row[2], row[3]


def _sightings_of_unfinished_footage(session: Session) -> Iterator[Problem]:
    rows = select(SightingRow.id).join(Footage).where(Footage.state != "done").order_by(SightingRow.id)
    yield from _counted(session, "footage", "sightings belong to footage that is not done", rows)


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
        examples = [f"sighting {number}" for number in session.scalars(ids.limit(EXAMPLES))]
        yield Problem(check, what, count, examples)


def _missing_crops(session: Session, media: MediaFolder) -> Iterator[Problem]:
    missing = [key for key in _media_keys(session) if not media.path(key).is_file()]
    if missing:
        what = f"pictures are missing in {media.folder}"
        yield Problem("crops", what, len(missing), [str(media.path(key)) for key in missing[:EXAMPLES]])


def _media_keys(session: Session) -> Iterator[str]:
    yield from session.scalars(select(Crop.media_key).distinct().execution_options(yield_per=ROWS))
