from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations

from surveil.errors import StoreError
from surveil.store import schema
from surveil.store.all_tables import Base
from surveil.store.session import Database, connect, upgrade
from surveil.store.tables import Camera, Identity


def test_the_migrations_make_the_tables_that_the_code_describes(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_names_of_constraints_are_the_same_as_in_the_code(database):
    inspector = sa.inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        expected = {key.name for key in table.foreign_key_constraints}
        assert {key["name"] for key in inspector.get_foreign_keys(table.name)} == expected


def test_going_back_leaves_nothing_and_forward_again_works(new_database_url):
    Database.open(new_database_url).close()
    engine = connect(new_database_url)
    schema.migrate(engine, "base", "here")
    with engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
        assert schema.revision_of(connection, "here") is None
    engine.dispose()
    assert upgrade(new_database_url) == (None, schema.newest_revision())
    assert upgrade(new_database_url) == (schema.newest_revision(), schema.newest_revision())
    Database.open(new_database_url, create=False).close()


def test_an_older_schema_is_not_opened_but_upgraded_on_demand(new_database_url, monkeypatch):
    Database.open(new_database_url).close()
    present = schema.newest_revision()
    monkeypatch.setattr(schema, "newest_revision", lambda: "a later one")
    with pytest.raises(StoreError, match=rf"{present}.*surveil db upgrade"):
        Database.open(new_database_url)


def test_rebuilding_a_table_does_not_delete_what_refers_to_it(ingest, database, monkeypatch):
    """The way a migration runs: SQLite can only rebuild a table, and dropping the old one would cascade."""
    ingest([1, 2, 3])

    def rebuild(config, revision):
        operations = Operations(MigrationContext.configure(config.attributes["connection"]))
        for table in ("footage", "sighting"):
            with operations.batch_alter_table(
                table, recreate="always" if database.dialect == "sqlite" else "auto"
            ) as batch:
                batch.add_column(sa.Column("added", sa.Integer()))

    monkeypatch.setattr("alembic.command.upgrade", rebuild)
    schema.migrate(database.engine, "head", "here")
    with database.session() as session:
        counts = {
            name: session.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in ("sighting", "embedding", "crop")
        }
        assert counts == {"sighting": 3, "embedding": 3, "crop": 6}
        if database.dialect == "sqlite":
            assert session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_a_migration_that_fails_half_way_changes_nothing(database, monkeypatch):
    def fail(config, revision):
        config.attributes["connection"].execute(sa.text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("stopped")

    monkeypatch.setattr("alembic.command.upgrade", fail)
    with pytest.raises(RuntimeError, match="stopped"):
        schema.migrate(database.engine, "head", "here")
    assert not sa.inspect(database.engine).has_table("half")


def test_the_number_of_a_deleted_row_is_never_given_again(database):
    with database.session() as session:
        person = Identity(name="A")
        session.add(person)
        session.flush()
        gone = person.id
    with database.session() as session:
        session.delete(session.get(Identity, gone))
    with database.session() as session:
        another = Identity(name="B")
        session.add_all([another, Camera(name="yard")])
        session.flush()
        assert another.id > gone


def test_the_code_and_the_migrations_agree_on_numbers_that_are_never_reused(tmp_path):
    with Database.open(f"sqlite:///{tmp_path}/surveil.db") as database, database.session() as session:
        made = session.scalars(sa.text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")).all()
    described = [
        table.name for table in Base.metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]
    ]
    assert (
        sorted(made)
        == sorted(described)
        == ["account", "api_token", "case_folder", "case_item", "clustering", "decision", "identity", "sighting"]
    )


def test_the_revisions_are_those_of_the_scripts_in_their_order():
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert scripts.get_current_head() == schema.newest_revision()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
        assert script.down_revision is None or script.down_revision < script.revision
