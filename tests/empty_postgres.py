"""A PostgreSQL database for one test after the other: to make one takes longer than most tests do."""

import itertools

import psycopg

from surveil.store.all_tables import Base
from surveil.store.session import Database

OTHERS_LEAVE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCHEMA = """
    SELECT md5(string_agg(version, ' ' ORDER BY version)) FROM (
        SELECT attrelid || ' ' || xmin AS version FROM pg_attribute WHERE attrelid >= 16384
        {others}
    ) AS versions
""".format(
    others="".join(
        f"UNION ALL SELECT oid || ' ' || xmin FROM {catalog} WHERE oid >= 16384 "
        for catalog in ("pg_class", "pg_constraint", "pg_proc", "pg_trigger")
    )
)
"""The versions of all rows that describe what is not PostgreSQL's own, whose numbers begin at 16384."""
NO_ROWS = "; ".join(
    [
        "SET session_replication_role = replica",  # triggers and keys are not asked
        *(f"DELETE FROM {name}" for name in Base.metadata.tables),
        "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence",
    ]
)


class EmptyPostgres:
    """Empties one database with all tables again and again; where a test changed its schema, another one is made.

    Empty is what a new database is: rows that the migrations wrote are written again.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = itertools.count()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE pattern")
        Database.open(self._at("pattern")).close()
        self._make()

    def url(self) -> str:
        """The URL of a database with all tables, no rows, and no connections of an earlier test."""
        if not self._empty():
            self._make()
        return self._url

    def _empty(self) -> bool:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(OTHERS_LEAVE)
            if connection.execute(SCHEMA).fetchone() != self._schema:
                return False
            connection.execute(NO_ROWS)
            for name, rows in self._rows.items():
                for row in rows:
                    connection.execute(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(row))})", row)
        return True

    def _make(self) -> None:
        name = f"empty_{next(self._numbers)}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE pattern")
        self._url = self._at(name)
        with psycopg.connect(self._url) as connection:
            self._schema = connection.execute(SCHEMA).fetchone()
            self._rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in Base.metadata.tables}

    def _at(self, name: str) -> str:
        return self._server.replace("/postgres?", f"/{name}?")
