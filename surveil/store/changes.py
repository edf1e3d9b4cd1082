"""Noticing that somebody wrote to an SQLite database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from surveil.store.session import Database


class ChangeWatch:
    """Tells, without reading anything, whether anybody wrote to the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def version(self) -> int:
        """A number that changes with every commit."""
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # It changes when another connection writes; this one never does.
        version: int = self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        return version

    def close(self) -> None:
        """Give back the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
