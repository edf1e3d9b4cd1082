"""The schema's revision: which one a database has, and how it comes to the newest (Alembic)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from surveil.errors import StoreError

MIGRATIONS = Path(str(files("surveil_migrations")))
"""The top-level folder `migrations`, which is installed under this name."""
ADVISORY_LOCK = 0x5375727665696C  # "Surveil"; any number that other applications are unlikely to use


def newest_revision() -> str:
    """The revision that this version of the program works with."""
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert revision is not None
    return revision


def revision_of(connection: Connection, where: str) -> str | None:
    """The revision of a database; None for an empty one.

    Raises:
        StoreError: The database holds something else, or was made by a newer version of the program.
    """
    # In this order: another process may make all tables, with their revision, between the two questions.
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        if tables:
            raise StoreError(f"holds tables that surveil did not make ({min(tables)}, ...)", where, "Give another one.")
        return None
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision not in known:
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
    scripts = ScriptDirectory(str(MIGRATIONS))
    return revision in {script.revision for script in scripts.iterate_revisions(current, "base")} - {current}


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
