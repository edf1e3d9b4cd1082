"""What is remembered of files between scans."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from surveil.store.register import MAX_ATTEMPTS, register_footage
from surveil.store.scanned import StoredFootage, remember_file, remembered_files, stored_footage
from surveil.store.tables import Footage, ScannedFile
from surveil.types import Source

START = datetime(2026, 9, 14, 8, tzinfo=UTC)


def source(content, path="/f/a.mp4", **values):
    return replace(
        Source(Path(path), "video", "gate", "path", START, "path", content * 64, size=10, mtime_ns=20), **values
    )


def remember(database, key, made):
    footage, _ = register_footage(database, made)
    remember_file(database, key, made, footage)
    return footage


def count(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_only_what_was_seen_is_remembered(database):
    footage = remember(database, "/f/a.mp4", source("a"))
    found = remembered_files(database, ["/f/a.mp4", "/f/b.mp4"])
    assert found.keys() == {"/f/a.mp4"}
    known = found["/f/a.mp4"]
    assert (known.size, known.mtime_ns, known.content_hash) == (10, 20, "a" * 64)
    assert (known.footage.footage_id, known.footage.state, known.footage.camera) == (footage, "waiting", "gate")
    assert remembered_files(database, []) == {}


@pytest.mark.parametrize(("size", "mtime_ns", "same"), [(10, 20, True), (11, 20, False), (10, 21, False)])
def test_a_file_is_unchanged_while_size_and_time_are(database, size, mtime_ns, same):
    from types import SimpleNamespace

    remember(database, "a", source("a"))
    assert remembered_files(database, ["a"])["a"].is_unchanged(SimpleNamespace(size=size, mtime_ns=mtime_ns)) == same


def test_what_a_changed_file_was_before_is_forgotten_only_where_nothing_else_holds_it(database):
    first = remember(database, "a", source("a"))
    remember(database, "copy", source("a", "/f/copy.mp4"))
    remember(database, "a", source("b"))
    assert stored_footage(database, [first]).keys() == {first}  # the copy still holds it
    remember(database, "copy", source("c", "/f/copy.mp4"))
    assert stored_footage(database, [first]) == {}
    assert count(database, Footage) == count(database, ScannedFile) == 2


def test_what_was_ingested_stays_when_its_file_changes(database):
    first = remember(database, "a", source("a"))
    with database.session() as session:
        session.get_one(Footage, first).state = "done"
    remember(database, "a", source("b"))
    assert stored_footage(database, [first])[first].state == "done"


def test_a_remark_says_where_it_was_and_how_to_correct_its_camera():
    known = StoredFootage(7, "/f/a.mp4", "gate", "done", 0, None)
    assert known.remark(Path("/f/a.mp4"), None) == known.remark(Path("/f/a.mp4"), "gate") == "ingested before"
    assert known.remark(Path("/f/b.mp4"), None) == "the same content as /f/a.mp4"
    other = known.remark(Path("/f/a.mp4"), "yard")
    assert other == "ingested before, as camera gate; to correct that: surveil footage set 7 --camera"


@pytest.mark.parametrize(
    ("state", "attempts", "given_up"),
    [("failed", MAX_ATTEMPTS, True), ("failed", MAX_ATTEMPTS - 1, False), ("working", MAX_ATTEMPTS, False)],
)
def test_footage_that_kills_its_workers_is_given_up(state, attempts, given_up):
    assert StoredFootage(1, "a", "gate", state, attempts, None).is_given_up == given_up
