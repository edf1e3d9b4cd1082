import multiprocessing
import secrets
import sqlite3

import pytest
from sqlalchemy import Engine, create_engine, event, select, text, update

from surveil.errors import StoreError
from surveil.store import schema
from surveil.store.register import register_footage
from surveil.store.session import Database, connect, upgrade
from surveil.store.tables import Camera, Footage


def test_a_new_database_has_the_newest_schema(new_database_url):
    with Database.open(new_database_url) as database, database.session() as session:
        assert schema.revision_of(session.connection(), "here") == schema.newest_revision()
        assert session.scalars(select(Camera)).all() == []
    with Database.open(new_database_url, create=False) as database:
        assert database.dialect in ("sqlite", "postgresql")


def test_sqlite_waits_for_the_disk_and_enforces_keys(tmp_path):
    with Database.open(f"sqlite:///{tmp_path}/new/folder/surveil.db") as database, database.session() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}


def test_an_error_rolls_back(database):
    def work():
        with database.session() as session:
            session.add(Camera(name="yard"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    with database.session() as session:
        assert session.scalars(select(Camera)).all() == []
        session.add(Camera(name="yard"))
    with database.session() as session:
        assert session.scalars(select(Camera.name)).all() == ["yard"]


def test_reading_first_and_writing_later_survives_another_writer(database):
    with database.session() as mine:
        assert mine.scalars(select(Camera)).all() == []
        with database.session() as other:
            other.add(Camera(name="theirs"))
        mine.add(Camera(name="mine"))
    with database.session() as session:
        assert set(session.scalars(select(Camera.name))) == {"mine", "theirs"}


def test_a_missing_database_is_not_made_when_only_read(tmp_path):
    with pytest.raises(StoreError, match="no database here yet"):
        Database.open(f"sqlite:///{tmp_path}/none.db", create=False)
    assert not list(tmp_path.iterdir())


def test_an_empty_postgres_database_is_not_made_when_only_read(postgres_url):
    with pytest.raises(StoreError, match="empty"):
        Database.open(postgres_url, create=False)
    with create_engine(connect(postgres_url).url).connect() as connection:
        assert schema.revision_of(connection, "here") is None


def test_a_database_of_something_else_is_left_alone(new_database_url):
    engine = connect(new_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoice (id INTEGER)"))
    for attempt in (Database.open, upgrade):
        with pytest.raises(StoreError, match="invoice"):
            attempt(new_database_url)
    with engine.connect() as connection:
        assert connection.dialect.get_table_names(connection) == ["invoice"]
    engine.dispose()


def test_a_newer_schema_is_refused(new_database_url):
    Database.open(new_database_url).close()
    engine = connect(new_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    engine.dispose()
    for attempt in (Database.open, upgrade):
        with pytest.raises(StoreError, match="newer surveil"):
            attempt(new_database_url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "holiday.mp4").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"holiday\.mp4.*not a database"):
        Database.open(f"sqlite:///{tmp_path}/holiday.mp4")


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [(b"tablecameracamera", b"tablec\xc7m\xc7racame\xc7a"), (b'{"dec', b"{\xc7dec"), (b'{"dec', b"{]dec")],
)
def test_a_file_in_which_bytes_were_flipped_is_told_to_be_damaged(tmp_path, source, whole, damaged):
    path = tmp_path / "surveil.db"
    with Database.open(f"sqlite:///{path}") as database:
        register_footage(database, source())
        with database.session() as session:
            session.execute(update(Footage).values(frames={"decoded": 1}))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    assert whole in content
    path.write_bytes(content.replace(whole, damaged))
    with (
        pytest.raises(StoreError, match="damaged"),
        Database.open(f"sqlite:///{path}") as database,
        database.session() as session,
    ):
        session.scalars(select(Footage)).all()


def test_an_unreachable_postgres_is_reported_without_its_password():
    url = "postgresql://operator:s3cret@127.0.0.1:1/surveil?password=s3cret"
    with pytest.raises(StoreError) as caught:
        Database.open(url)
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("right", ["none", "to make tables"])
def test_a_user_without_the_rights_is_told(postgres_url, right):
    user = f"clerk_{secrets.token_hex(4)}"
    owner = connect(postgres_url)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {user} LOGIN"))
        if right == "to make tables":
            connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {user}"))
    with pytest.raises(StoreError, match="permission denied") as caught:
        Database.open(postgres_url.replace("postgres:@", f"{user}:@"))
    assert ("pgvector" in str(caught.value)) == (right == "to make tables")
    with owner.connect() as connection:
        assert schema.revision_of(connection, "here") is None
    owner.dispose()


@pytest.mark.parametrize("url", ["surveil.db", "mysql://host/name", "sqlite://", "sqlite:///:memory:", ""])
def test_a_url_that_cannot_work_says_what_to_write(url):
    with pytest.raises(StoreError, match="sqlite:///PATH"):
        Database.open(url)


def test_a_locked_database_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("surveil.store.session.LOCK_TIMEOUT", 0.1)
    with Database.open(f"sqlite:///{tmp_path}/surveil.db") as database:
        other = sqlite3.connect(tmp_path / "surveil.db")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Another process"), database.session() as session:
            session.add(Camera(name="yard"))
        other.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(new_database_url, elsewhere):
    code = "from surveil.store.session import Database; together.wait(); Database.open(url).close()"
    together = multiprocessing.get_context("forkserver").Barrier(4)
    processes = [elsewhere(code, url=new_database_url, together=together) for _ in range(4)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    Database.open(new_database_url, create=False).close()


@pytest.mark.parametrize("statements", range(1, 5))
def test_a_database_that_another_process_makes_meanwhile_is_opened(new_database_url, statements):
    """After any of the statements with which a new database is looked at, another process may make all its tables."""
    count = 0

    def another_process(connection, cursor, statement, *_):
        nonlocal count
        if "journal_mode" in statement:  # the lock for this lasts until its result is read
            return
        locked = "advisory" in statement or "BEGIN IMMEDIATE" in statement  # from here on the others wait
        count = statements + 1 if locked else count + 1
        if count == statements:
            Database.open(new_database_url).close()

    event.listen(Engine, "after_cursor_execute", another_process)
    try:
        Database.open(new_database_url).close()
    finally:
        event.remove(Engine, "after_cursor_execute", another_process)
    assert count > statements
    Database.open(new_database_url, create=False).close()
