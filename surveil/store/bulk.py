"""Many rows at once: COPY on Postgres, one INSERT with many values elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import KeyedColumnElement

from surveil.store.columns import HalfVector, sent_vector
from surveil.store.tables import Base


def insert_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns, in the session's transaction.

    Args:
        session: A session.
        table: Where to.
        rows: Values by the names of the columns; those that are left out get what the database gives.

    Raises:
        ValueError: A vector has another shape, or a value is not finite.
    """
    if not rows:
        return
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(table), list(rows))
        return
    columns = [table.__table__.columns[name] for name in rows[0]]
    converts = [_converter(session, column) for column in columns]
    has_vectors = any(isinstance(column.type, HalfVector) for column in columns)
    session.flush()
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise AssertionError("a session that has a transaction has a connection")
    names = ", ".join(f'"{column.name}"' for column in columns)
    command = f"COPY {table.__tablename__} ({names}) FROM STDIN" + (" (FORMAT BINARY)" if has_vectors else "")
    with _errors_of_sqlalchemy(session, command), connection.cursor() as cursor, cursor.copy(command) as copy:
        if has_vectors:  # as text they would cost several times as much, here and in the server
            copy.set_types(["bytea" if isinstance(column.type, HalfVector) else "int8" for column in columns])
        for row in rows:
            copy.write_row([convert(row[column.name]) for convert, column in zip(converts, columns, strict=True)])


def insert_numbered(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows of a table that numbers them in its column `id`; gives their numbers, in order."""
    if not rows:
        return []
    key = table.__table__.columns["id"]
    if session.get_bind().dialect.name != "postgresql":
        numbered = insert(table).returning(key, sort_by_parameter_order=True)
        return list(session.scalars(numbered, list(rows)))
    sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
    ids = list(session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, len(rows)))))
    insert_rows(session, table, [{"id": number} | row for number, row in zip(ids, rows, strict=True)])
    return ids


@contextmanager
def _errors_of_sqlalchemy(session: Session, command: str) -> Iterator[None]:
    """Whatever the driver raises comes as if SQLAlchemy had called it."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        dialect = session.get_bind().dialect
        raise DBAPIError.instance(command, None, error, psycopg.Error, dialect=dialect) from error


def _converter(session: Session, column: KeyedColumnElement[Any]) -> Callable[[Any], Any]:
    """From a value to what the driver takes, as SQLAlchemy would do it, but vectors as they go over the line."""
    if isinstance(column.type, HalfVector):
        return sent_vector
    dialect = session.get_bind().dialect
    return column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
