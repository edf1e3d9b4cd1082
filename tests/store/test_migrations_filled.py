"""A database with a row in every table goes back to each earlier schema and comes forward again."""

from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from surveil.store import schema
from surveil.store.all_tables import Base
from surveil.store.columns import HalfVector, UTCDateTime
from surveil.store.session import Database, connect

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
TABLES = Base.metadata.sorted_tables
OLDER = schema._revisions()[1:-1]
"""All but the first, from and to which test_migration_0002 carries rows by hand."""


def value_for(column):
    """Something that a column can hold, and that is not its default."""
    if column.foreign_keys:
        return None if column.nullable and column.references(next(iter(column.table.primary_key))) else 1
    kinds = (
        (HalfVector, np.eye(1, 544, dtype=np.float16)[0]),
        (UTCDateTime, NOON),
        (sa.JSON, {"decoded": 7}),
        (sa.LargeBinary, b"\x00\xff"),
        (sa.Boolean, True),
        (sa.Float, 0.25),
        (sa.Integer, 1),
    )
    return next((value for kind, value in kinds if isinstance(column.type, kind)), f"{column.name}"[:10])


@pytest.fixture
def filled(new_database_url):
    """The URL of a database of the newest schema, in which every table has a row."""
    with Database.open(new_database_url) as database, database.session() as session:
        for table in TABLES:
            if session.scalar(sa.select(sa.func.count()).select_from(table)) == 0:  # the audit begins with a row
                session.execute(sa.insert(table).values({column.name: value_for(column) for column in table.columns}))
    return new_database_url


def contents(engine):
    """Every row of every table but Alembic's own, as the driver gives it."""
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}
        return {
            name: [dict(row._mapping) for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))]
            for name in names
        }


def test_every_table_has_a_row(filled):
    engine = connect(filled)
    found = contents(engine)
    engine.dispose()
    assert {name for name, rows in found.items() if rows} == {table.name for table in TABLES}


def test_what_both_schemas_hold_is_carried_both_ways(filled):
    engine = connect(filled)
    newest = contents(engine)
    for revision in reversed(OLDER):
        schema.migrate(engine, revision, "here")
        older = contents(engine)
        assert set(older) < set(newest) or revision == OLDER[-1], revision
        for name, rows in older.items():
            assert len(rows) == len(newest[name]) == 1, f"{revision}: {name}"
            shared = rows[0].keys() & newest[name][0].keys()
            assert "id" in shared or len(shared) > 1
            assert {key: rows[0][key] for key in shared} == {key: newest[name][0][key] for key in shared}, revision
        schema.migrate(engine, "head", "here")
        again = contents(engine)
        assert again.keys() == newest.keys()
        for name, rows in older.items():
            assert len(again[name]) == 1, f"{revision}: {name}"
            assert {key: again[name][0].get(key, value) for key, value in rows[0].items()} == rows[0], revision
    engine.dispose()


def test_a_schema_made_step_by_step_is_the_one_made_at_once(new_database_url, tmp_path):
    """What is left after going back to the first schema and forward again differs in nothing from a new database."""

    def described(engine):
        inspector = sa.inspect(engine)
        return {
            name: (
                {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)},
                sorted(str(index["name"]) for index in inspector.get_indexes(name)),
                sorted(str(key["name"]) for key in inspector.get_foreign_keys(name)),
            )
            for name in inspector.get_table_names()
        }

    Database.open(new_database_url).close()
    engine = connect(new_database_url)
    new = described(engine)
    for revision in (*reversed(schema._revisions()[:-1]), *schema._revisions()[1:]):
        schema.migrate(engine, revision, "here")
    assert described(engine) == new
    engine.dispose()
