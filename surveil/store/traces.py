"""Leaving nothing of deleted rows in the database's files."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from surveil.errors import StoreUnavailableError
from surveil.store.session import LOCK_TIMEOUT, Database, readable_errors

WAIT_SECONDS = 30.0
"""So long others are waited for who read or write."""
TABLES = (
    "embedding",
    "description",
    "crop",
    "membership",
    "case_item",
    "sighting",
    "identity",
    "decision",
    "saved_search",
    "past_search",
)
"""Where rows are about people."""


def leave_traces(session: Session) -> None:
    """Note, in the transaction that deletes, that traces are to be erased: also after a crash, or when none could be.

    It is noted in the file's own number for its users (`user_version`); on Postgres nothing is noted.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA user_version = 1"))


def has_traces(database: Database) -> bool:
    """Whether something was deleted whose traces were not erased since."""
    if database.dialect != "sqlite":
        return False
    with database.session() as session:
        return bool(session.scalar(text("PRAGMA user_version")))


def erase_traces(database: Database) -> bool:
    """Rewrite what held deleted rows, and empty the log of changes; gives whether that was possible now.

    SQLite overwrites what is deleted (`secure_delete`), but copies that its pages left behind when they were split, and
    the write-ahead log, may still hold it: the file is rewritten, and the log emptied. On Postgres the tables are
    rewritten (VACUUM FULL); its own log and backups are the administrator's.

    Others who use the database are waited for; with a reader or writer that does not end, nothing is lost, and False
    is returned: do it again later.
    """
    with readable_errors(database.where), database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if database.dialect == "postgresql":
            for table in TABLES:
                connection.exec_driver_sql(f"VACUUM FULL {table}")
            return True
        return _vacuum(connection)


def _vacuum(connection: Connection) -> bool:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * WAIT_SECONDS)}")
    try:
        with readable_errors("the database"):
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA user_version = 0")
        busy: int = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if busy:
            connection.exec_driver_sql("PRAGMA user_version = 1")
    except StoreUnavailableError:
        return False
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * LOCK_TIMEOUT)}")
    return not busy
