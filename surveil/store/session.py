"""The database: opening it, and the sessions in which it is read and written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    StatementError,
)
from sqlalchemy.orm import Session, sessionmaker

from surveil.errors import QueryError, StoreDeadlockError, StoreError, StoreUnavailableError
from surveil.files import is_reachable
from surveil.store import schema
from surveil.store.description_columns import DescriptionColumns
from surveil.store.granted import restrict
from surveil.store.sighting_places import SightingPlaces
from surveil.store.vector_index import VectorIndex, open_index

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another process that is writing."""


class Database:
    """An open database with the newest schema. Make one with `Database.open`.

    Attributes:
        url: Where it is, with the password, for handing to another process.
        where: Where it is, without password, for messages.
        dialect: "sqlite" or "postgresql".
        engine: The SQLAlchemy engine.
        path: The file of an SQLite database.
        vectors: Finds embeddings near to a query.
        descriptions: Columns of descriptions in memory.
        places: Cameras and hours of sightings in memory.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=False)
        self.where = without_password(engine.url)
        self.dialect = engine.dialect.name
        self.path = Path(engine.url.database or "") if self.dialect == "sqlite" else None
        self.vectors: VectorIndex = open_index(self)
        self.descriptions = DescriptionColumns(self)
        self.places = SightingPlaces(self)
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        event.listen(self._sessions, "do_orm_execute", restrict)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Database:
        """Open a database; an empty one gets its tables.

        Args:
            url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`.
            create: Whether it may be made when there is none.

        Raises:
            StoreError: It cannot be reached, does not exist, is not surveil's, or has an older schema.
        """
        engine = _existing(url, create)
        try:
            _prepare(engine, create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits on leaving, and rolls back when an error leaves it.

        On both databases a statement sees what was committed when the statement began (read committed), so reading
        first and writing later never fails because another process wrote in between.

        Raises:
            StoreError: The database is out of reach, locked for too long, full or damaged.
        """
        with readable_errors(self.where), self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.vectors.close()
        self.descriptions.close()
        self.places.forget()
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database to the newest schema; returns its revision before (None: it was empty) and after.

    Raises:
        StoreError: It cannot be reached, does not exist, or is not surveil's.
    """
    engine = _existing(url, create=True)
    where = without_password(engine.url)
    try:
        with readable_errors(where):
            _enter_wal(engine)
            with engine.connect() as connection:
                before = schema.revision_of(connection, where)
            schema.migrate(engine, "head", where)
    finally:
        engine.dispose()
    return before, schema.newest_revision()


def connect(url: str) -> Engine:
    """An engine for a URL; nothing is opened yet.

    Raises:
        StoreError: The URL is none, or names a database that is not supported.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("not a database URL", "--database", _URL_HELP) from error
    options: dict[str, Any] = {"pool_pre_ping": True}
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("an SQLite database needs a file", without_password(parsed), _URL_HELP)
        options = {"connect_args": {"timeout": LOCK_TIMEOUT}}
    elif parsed.get_backend_name() in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
        # A prepared statement keeps its plan and ignores what is set later in the session.
        options["connect_args"] = {"prepare_threshold": None, "connect_timeout": 10}
    else:
        raise StoreError(f"{parsed.drivername} is not supported", without_password(parsed), _URL_HELP)
    try:
        engine = create_engine(parsed, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError("the driver for PostgreSQL is missing", without_password(parsed), _EXTRA_HELP) from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    return engine


def without_password(url: URL) -> str:
    """The URL without password and options, for messages."""
    return URL.create(
        url.get_backend_name(), username=url.username, host=url.host, port=url.port, database=url.database
    ).render_as_string()


@contextmanager
def readable_errors(where: str) -> Iterator[None]:
    """Turn what a driver says of an unreachable, locked or damaged database into a StoreError.

    A value that no database holds, such as a number of twenty digits, is a QueryError.
    """
    try:
        yield
    except (UnicodeDecodeError, JSONDecodeError) as error:  # SQLite gives what it finds, and says so in its bytes
        raise StoreError("the file is damaged: what it holds is no text", where, _next_step("malformed")) from error
    except (UnicodeEncodeError, OverflowError, DataError) as error:
        raise _no_value(getattr(error, "orig", error), where) from error
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        outside = isinstance(error, (OperationalError, InterfaceError)) or "permission denied" in said
        if not (outside or _is_damaged(said) or _lacks_pgvector(said)):
            raise
        if getattr(error.orig, "sqlstate", None) in _BROKEN_OFF:
            raise StoreDeadlockError(said, where, "Other processes changed the same rows; do it again.") from error
        passing = outside and not ("permission denied" in said or _is_damaged(said) or _lacks_pgvector(said))
        raise (StoreUnavailableError if passing else StoreError)(said, where, _next_step(said)) from error
    except StatementError as error:
        if not isinstance(error.orig, OverflowError):
            raise
        raise _no_value(error.orig, where) from error


def _no_value(said: object, where: str) -> QueryError:
    said = str(said).splitlines()[0]
    return QueryError(
        f"no value that a database holds: {said}", where, "Leave out what is no text, and what is far too large."
    )


_BROKEN_OFF = ("40001", "40P01")
"""What PostgreSQL calls serialization_failure and deadlock_detected."""
_URL_HELP = "Write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME."
_EXTRA_HELP = "Install the extra: pip install 'surveil[postgres]'."


def _existing(url: str, create: bool) -> Engine:
    engine = connect(url)
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        if not create and not (is_reachable(path) and path.is_file()):
            raise StoreError("no database here yet", path, "Ingest footage first, or give another one with --database.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                error.strerror or str(error), path.parent, "Give another place with --database."
            ) from error
    return engine


def _prepare(engine: Engine, create: bool) -> None:
    where = without_password(engine.url)
    with readable_errors(where):
        _enter_wal(engine)
        with engine.connect() as connection:
            revision = schema.revision_of(connection, where)
        if revision is None and not create:
            raise StoreError(
                "the database is empty", where, "Ingest footage first, or give another one with --database."
            )
        if revision is None:
            schema.migrate(engine, "head", where)
        elif revision != schema.newest_revision():
            raise StoreError(f"has the older schema {revision}", where, "Make a backup, then run: surveil db upgrade")


def _set_pragmas(connection: Any, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten


def _enter_wal(engine: Engine) -> None:
    """Readers and the writer do not wait for each other in WAL mode; the mode is kept in the file."""
    if engine.dialect.name != "sqlite":
        return
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with engine.connect() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
            break
        except OperationalError as error:
            # SQLite does not wait for its lock when it changes the mode: another process does the same just now.
            if "locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    if mode != "wal":
        raise StoreError(
            "this file system cannot hold a database that is read while it is written", without_password(engine.url)
        )


def _lacks_pgvector(said: str) -> bool:
    return 'extension "vector"' in said or 'type "halfvec"' in said


def _is_damaged(said: str) -> bool:
    return any(words in said for words in ("malformed", "not a database", "Could not decode to UTF-8"))


def _next_step(said: str) -> str:
    if _lacks_pgvector(said):
        return "The server needs the extension pgvector 0.7 or newer, and a user who may create it."
    if _is_damaged(said):
        return "The file is damaged or something else; see `surveil db check`, or restore a backup."
    if "permission denied" in said:
        return "Ask the database's owner for the right to do this."
    if "locked" in said:
        return "Another process has been writing for long; try again when it is done."
    return "Check --database, that the place exists and is writable, and that there is room."
