import sqlite3

import pytest
from sqlalchemy import delete, select, update

from surveil.store.check import count_rows, count_unreferenced, find_problems
from surveil.store.media import MediaFolder
from surveil.store.tables import Crop, Description, Embedding, Footage, Model, SightingRow


def found(database, media):
    return {problem.check: problem for problem in find_problems(database, media)}


def test_a_whole_store_has_no_problem(database, media, ingest):
    assert found(database, media) == {}
    ingest([1, 2, 3])
    assert found(database, media) == {}
    assert count_unreferenced(database, media) == 0
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
        ("footage", update(Footage).values(state="working"), 3),
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
    assert count_unreferenced(database, media) == 1
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == session.scalar(select(Crop.sighting_id))))
    assert count_unreferenced(database, media) == 3


def test_loose_references_are_found(database, media, ingest):
    ingest([1])
    if database.dialect == "postgresql":
        pytest.skip("Postgres always enforces references")
    with sqlite3.connect(database.path) as raw:  # keys are not enforced here
        raw.execute("DELETE FROM sighting")
    raw.close()
    assert "references" in found(database, media)
