"""Inserting what may be there already, which each database says in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import InstrumentedAttribute, Session

from surveil.store.tables import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


def insert_if_new(
    session: Session, table: type[Base], values: dict[str, Any], *, unique: InstrumentedAttribute[Any]
) -> None:
    """Insert a row unless one with its value in the unique column exists; waits for whoever inserts that just now."""
    session.execute(_insert(session, table).values(values).on_conflict_do_nothing(index_elements=[unique]))


def insert_missing(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert those rows whose keys do not exist yet."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), rows)


def insert_or_update(
    session: Session, table: type[Base], values: dict[str, Any], *, unique: InstrumentedAttribute[Any]
) -> None:
    """Insert a row, or give these values to the one that has its value in the unique column."""
    rest = {name: value for name, value in values.items() if name != unique.key}
    statement = _insert(session, table).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=[unique], set_=rest))


def _insert(session: Session, table: type[Base]) -> PostgresInsert | SqliteInsert:
    """Imports the dialect in use alone: Postgres' takes a tenth of a second, which each search would wait for."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
