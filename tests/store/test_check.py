import os
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from surveil.store.check import count_rows, find_problems, media_problems
from surveil.store.media import MediaFolder
from surveil.store.media_check import collect_unreferenced, examine_media
from surveil.store.tables import CropRow, Description, Embedding, Footage, Model, SightingRow


def state(database, media):
    with database.session() as session:
        return examine_media(session, media)


def found(database, media):
    problems = [*find_problems(database), *media_problems(media, state(database, media))]
    return {problem.check: problem for problem in problems}


def test_a_whole_store_has_no_problem(database, media, ingest):
    assert found(database, media) == {}
    ingest([1, 2, 3])
    assert found(database, media) == {}
    assert state(database, media).unreferenced.count == 0
    with database.session() as session:
        assert count_rows(session) == {"camera": 1, "footage": 1, "sighting": 3, "crop": 6, "identity": 0}


def test_missing_pictures_are_found(database, media, ingest):
    ingest([1, 2, 3])
    gone = sorted(media)[:2]
    for key in gone:
        media.path(key).unlink()
    problem = found(database, media)["crops"]
    assert problem.count == 2
    assert sorted(problem.examples) == [str(media.path(key)) for key in gone]
    assert found(database, MediaFolder(media.folder / "wrong"))["crops"].count == 6


@pytest.mark.parametrize(
    ("check", "damage", "count"),
    [
        ("descriptions", delete(Description).where(Description.sighting_id <= 2), 2),
        ("embeddings", delete(Embedding).where(Embedding.sighting_id <= 2), 2),
        ("model", update(Model).values(in_use=False), 3),
    ],
)
def test_rows_that_break_a_promise_are_found(database, media, ingest, check, damage, count):
    ingest([1, 2, 3])
    with database.session() as session:
        session.execute(damage)
    problems = found(database, media)
    assert list(problems) == [check]
    assert problems[check].count == count
    assert problems[check].examples[0] == "sighting 1"


def test_pictures_without_a_sighting_are_counted(database, media, ingest):
    ingest([1, 2])
    media.put(b"left by footage whose work was cut short")
    assert state(database, media).unreferenced.count == 1
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == session.scalar(select(CropRow.sighting_id))))
    assert state(database, media).unreferenced.count == 3


def test_loose_references_are_found(database, media, ingest):
    ingest([1])
    if database.dialect == "postgresql":
        pytest.skip("Postgres always enforces references")
    with sqlite3.connect(database.path) as raw:  # keys are not enforced here
        raw.execute("DELETE FROM sighting")
    raw.close()
    assert "references" in found(database, media)


@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: content[:-1] + b"x", lambda content: content[:50]]
)
def test_a_picture_that_is_not_what_its_name_says_is_damaged(database, media, ingest, damage):
    ingest([1, 2])
    [first, second, *_] = media
    for key in (first, second):
        media.path(key).write_bytes(damage(media.read(key)))
    problem = found(database, media)["pictures"]
    assert (problem.count, problem.examples) == (2, [str(media.path(first)), str(media.path(second))])


def test_what_is_no_picture_of_the_folder_holds_nothing_up(database, media, ingest):
    ingest([1, 2])
    [gone, *_] = media
    free = [media.folder / name for name in ("00", "01", "02", "03") if not (media.folder / name).exists()]
    free[0].write_text("a file where a folder should be")
    free[1].symlink_to(free[1])
    odd = free[2] / f"{'0' * 62}.jpg"
    for folder in (odd, free[2] / "a.part"):
        folder.mkdir(parents=True)
        age(folder, 100)
    media.path(gone).unlink()
    os.mkfifo(media.path(gone))  # whoever opened it would wait
    assert {check: problem.count for check, problem in found(database, media).items()} == {"crops": 1}
    assert collect_unreferenced(database, media).files == 0
    assert odd.exists()


def age(path, hours):
    past = time.time() - 3600 * hours
    os.utime(path, (past, past))


def test_only_old_pictures_that_nothing_refers_to_are_deleted(database, media, ingest):
    ingest([1, 2])
    used = set(media)
    old, young = media.put(b"old"), media.put(b"young")
    for key in (*used, old):
        age(media.path(key), 2)
    parts = [media.path(key).with_name(f"{name}.part") for key, name in ((old, "old"), (young, "young"))]
    for part in parts:
        part.touch()
    age(parts[0], 2)
    assert state(database, media).partial.count == 2
    collected = collect_unreferenced(database, media)
    assert (collected.pictures, collected.partial_files) == (1, 1)
    assert set(media) == used | {young}
    assert [part.exists() for part in parts] == [False, True]
    assert found(database, media) == {}


def test_while_footage_is_worked_on_only_pictures_of_yesterday_are_deleted(database, media, ingest):
    ingest([1])
    early, yesterday = media.put(b"early"), media.put(b"yesterday")
    age(media.path(early), 20)
    age(media.path(yesterday), 25)
    with database.session() as session:
        session.execute(update(Footage).values(state="working"))
    assert collect_unreferenced(database, media).pictures == 1
    assert early in set(media)
    with database.session() as session:
        session.execute(update(Footage).values(state="done"))
    assert collect_unreferenced(database, media).pictures == 1


@pytest.mark.parametrize("moment", ["before the look", "before the move", "after the move"])
def test_a_picture_that_a_worker_puts_again_at_this_very_moment_stays(database, media, ingest, monkeypatch, moment):
    """Whichever of its steps the worker gets between, the picture is there in the end."""
    ingest([1])
    key = media.put(b"seen again")
    age(media.path(key), 2)
    stat, rename = Path.stat, Path.rename

    def put_once():
        monkeypatch.setattr(Path, "stat", stat)
        monkeypatch.setattr(Path, "rename", rename)
        media.put(b"seen again")

    if moment == "before the look":
        monkeypatch.setattr(Path, "stat", lambda path, **how: (put_once(), stat(path, **how))[1])
    if moment == "before the move":
        monkeypatch.setattr(Path, "rename", lambda path, to: (put_once(), rename(path, to))[1])
    if moment == "after the move":
        monkeypatch.setattr(Path, "rename", lambda path, to: (rename(path, to), put_once())[0])
    collect_unreferenced(database, media)
    assert media.read(key) == b"seen again"
    assert not list(media.partial_files())
