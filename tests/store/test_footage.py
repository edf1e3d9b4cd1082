"""What an operator does with stored footage."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from surveil.errors import FootageError, StoreError
from surveil.store.cameras import configure_camera
from surveil.store.footage import correct_footage, forget_footage, knows_path, redo_footage
from surveil.store.granted import only_cameras
from surveil.store.register import register_footage
from surveil.store.scanned import remember_file, remembered_files
from surveil.store.tables import Camera, CropRow, Footage, SightingRow
from surveil.store.unopened import note_unopened


def count(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def times(database):
    with database.session() as session:
        return session.execute(select(SightingRow.first_seen, SightingRow.last_seen).order_by(SightingRow.id)).all()


def test_forgetting_takes_everything_and_only_of_that_footage(database, media, ingest, source):
    first = ingest([1, 2], "one", path=Path("/f/one.mp4"))
    second = ingest([2, 3], "two", path=Path("/f/two.mp4"))  # number 2 has the same pictures in both
    remember_file(database, "/f/one.mp4", source("one"), first)
    shared = len(set(media))
    assert forget_footage(database, media, str(first)) == ["/f/one.mp4"]
    assert count(database, SightingRow) == 2
    with database.session() as session:
        kept = set(session.scalars(select(CropRow.media_key)))
        assert session.scalars(select(Footage.id)).all() == [second]
    assert set(media) == kept
    assert len(kept) < shared
    assert remembered_files(database, ["/f/one.mp4"]) == {}, "the next scan takes it as new"


def test_footage_is_found_by_its_path_too(database, media, ingest):
    ingest([1], "one", path=Path("/f/one.mp4"))
    assert forget_footage(database, media, "/f/one.mp4") == ["/f/one.mp4"]


@pytest.mark.parametrize("which", ["7", "/f/none.mp4"])
def test_unknown_footage_is_told(database, media, which):
    with pytest.raises(StoreError, match="no such footage"):
        forget_footage(database, media, which)


def test_footage_that_is_worked_on_is_left_alone(database, media, ingest):
    footage = str(ingest([1]))
    with database.session() as session:
        session.execute(update(Footage).values(state="working"))
    for action in (
        lambda: forget_footage(database, media, footage),
        lambda: redo_footage(database, footage),
        lambda: correct_footage(database, footage, camera="gate"),
    ):
        with pytest.raises(StoreError, match="being worked on"):
            action()
    assert count(database, SightingRow) == 1


def test_footage_to_be_done_again_waits_and_keeps_its_sightings_until_then(database, ingest, source):
    footage = ingest([1, 2])
    redo_footage(database, str(footage))
    assert register_footage(database, source("one")) == (footage, "waiting")
    assert count(database, SightingRow) == 2


def test_a_corrected_start_and_camera_move_what_was_seen(database, ingest):
    footage = ingest([1, 2])
    other = ingest([3], "two")
    before = times(database)
    with database.session() as session:
        configure_camera(session, "gate", clock_offset=-30.0, create=True)
        start = session.get(Footage, footage).started_at
    correct_footage(database, str(footage), camera="gate", start=start + timedelta(hours=2))
    shift = timedelta(hours=2) - timedelta(seconds=30)
    moved = [tuple(time + shift for time in row) for row in before[:2]]
    assert [tuple(row) for row in times(database)] == [*moved, tuple(before[2])]
    with database.session() as session:
        cameras = select(SightingRow.footage_id, Camera.name).join(Camera, SightingRow.camera_id == Camera.id)
        assert set(map(tuple, session.execute(cameras))) == {(footage, "gate"), (other, "yard")}


def test_what_an_operator_said_outlives_another_scan(database, ingest, source):
    footage = str(ingest([1]))
    correct_footage(database, footage, camera="gate")
    redo_footage(database, footage)
    register_footage(database, source("one", camera="yard"))
    with database.session() as session:
        assert session.scalars(select(Camera.name).join(Footage)).one() == "gate"


def test_a_path_is_known_to_whoever_sees_its_camera_or_every_camera(database, ingest, tmp_path):
    ingest([1], path=Path("/f/one.mp4"), camera="yard")
    (tmp_path / "torn.mp4").touch()
    note_unopened(database, FootageError("empty", tmp_path / "torn.mp4"))
    paths = ("/f/one.mp4", str(tmp_path / "torn.mp4"), "/f/two.mp4", "/f")
    for cameras, known in ((None, paths[:2]), (["yard"], paths[:1]), (["gate"], ())):
        with only_cameras(cameras), database.session() as session:
            assert tuple(path for path in paths if knows_path(session, path)) == known, cameras
