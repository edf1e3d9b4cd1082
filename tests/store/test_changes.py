"""Noticing that somebody wrote to an SQLite database."""

import sqlite3
from contextlib import suppress

import pytest

from surveil.store.changes import ChangeWatch
from surveil.store.session import Database
from surveil.store.tables import Camera


@pytest.fixture
def path(tmp_path):
    Database.open(f"sqlite:///{tmp_path}/surveil.db").close()
    return tmp_path / "surveil.db"


@pytest.fixture
def watch(path):
    with Database.open(f"sqlite:///{path}") as database:
        watching = ChangeWatch(database)
        yield watching
        watching.close()


def test_nothing_changes_while_nobody_writes(watch, path):
    before = watch.version()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM camera").fetchone() == (0,)
    other.close()
    assert watch.version() == watch.version() == before


@pytest.mark.parametrize("process", ["this one", "another"])
def test_a_commit_changes_the_version_and_a_rollback_does_not(watch, path, process):
    before = watch.version()
    with Database.open(f"sqlite:///{path}") as database:
        writer = watch._database if process == "this one" else database
        with suppress(RuntimeError), writer.session() as session:
            session.add(Camera(name="gate"))
            session.flush()
            raise RuntimeError
        assert watch.version() == before
        with writer.session() as session:
            session.add(Camera(name="gate"))
        assert watch.version() != before


def test_a_closed_watch_may_be_asked_again(watch, path):
    watch.version()
    watch.close()
    watch.close()
    first = watch.version()
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO camera (name, zone, clock_offset) VALUES ('gate', 'UTC', 0)")
    other.close()
    assert watch.version() != first
