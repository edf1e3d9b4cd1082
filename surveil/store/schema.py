"""The schema's revision: which one a database has, and how it comes to the newest (Alembic).

Alembic is imported only to migrate: it takes longer than a search does.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from surveil.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(str(files("surveil_migrations")))
"""The top-level folder `migrations`, which is installed under this name."""
ADVISORY_LOCK = 0x5375727665696C  # "Surveil"; any number that other applications are unlikely to use


def newest_revision() -> str:
    """The revision that this version of the program works with."""
    return _revisions()[-1]


def revision_of(connection: Connection, where: str) -> str | None:
    """The revision of a database; None for an empty one.

    Raises:
        StoreError: The database holds something else, or was made by a newer version of the program.
    """
    # In this order: another process may make all tables, with their revision, between the two questions.
    tables = set(inspect(connection).get_table_names())
    revision: str | None = None
    if "alembic_version" in tables:
        tables.remove("alembic_version")
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if revision is None:
        if tables:
            raise StoreError(f"holds tables that surveil did not make ({min(tables)}, ...)", where, "Give another one.")
        return None
    if revision not in _revisions():
        raise StoreError(
            f"has the unknown schema revision {revision}",
            where,
            "It was made by a newer surveil or by another program: update surveil, or give another database.",
        )
    return revision


def migrate(engine: Engine, revision: str, where: str) -> None:
    """Bring a database to a revision, all or nothing; processes that try at the same time wait for each other.

    Raises:
        StoreError: See `revision_of`; or rows would refer to rows that do not exist.
    """
    from alembic import command

    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Batch mode rebuilds a table and drops the old one: with keys enforced, what refers to it would go too.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        try:
            current = revision_of(connection, where)
            (command.downgrade if _is_older(revision, current) else command.upgrade)(_config(connection), revision)
            if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreError(
                    "rows refer to rows that do not exist", where, "Restore a backup; nothing was changed."
                )
            connection.commit()
        finally:
            connection.rollback()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _is_older(revision: str, current: str | None) -> bool:
    if revision == "base":
        return True
    if current is None:
        return False
    revisions = _revisions()
    return revision in revisions[: revisions.index(current)]


def _revisions() -> list[str]:
    """All revisions, oldest first: each migration's file begins with its own."""
    return sorted(path.stem.split("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
