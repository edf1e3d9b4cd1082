import dataclasses
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import delete, func, select, update

from surveil.attributes import OUTPUT_NAMES
from surveil.errors import StoreError
from surveil.store.models import ModelRef
from surveil.store.register import register_footage
from surveil.store.tables import Camera, CropRow, Description, Embedding, Footage, SightingRow
from surveil.store.writer import Writer
from surveil.types import Appearance, Sighting, Track

WRITE = """
import sys
sys.path.insert(0, tests)
from conftest import write_footage
write_footage(url, media, stop, stopped)
"""
START = datetime(2024, 3, 1, 12, tzinfo=UTC)


def contents(database):
    """All that was stored of sightings, without the numbers of rows."""
    columns = [getattr(SightingRow, name) for name in ("first_seen", "last_seen", "boxes", "quality")]
    columns += [getattr(Description, name) for name in OUTPUT_NAMES]
    with database.session() as session:
        sightings = [tuple(map(str, row)) for row in session.execute(select(*columns).join(Description))]
        vectors = [vector.tobytes() for vector in session.scalars(select(Embedding.vector))]
        crops = session.execute(select(CropRow.rank, CropRow.taken_at, CropRow.media_key)).all()
    return sorted(sightings), sorted(vectors), sorted(map(tuple, crops))


def counts(database):
    with database.session() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in (SightingRow, Embedding, CropRow)]


def test_a_sighting_is_stored_as_it_was_seen(database, media, writer, source, sighting, report):
    with database.session() as session:
        session.add(Camera(name="yard", clock_offset=-90.5))
    footage_id, _ = register_footage(database, source())
    footage, seen = writer.begin(footage_id), sighting(7, start=3.0)
    footage.add(seen)
    footage.finish(report)
    with database.session() as session:
        [row] = session.scalars(select(SightingRow))
        assert row.first_seen == START + timedelta(seconds=3.0 - 90.5)
        assert row.last_seen == START + timedelta(seconds=3.6 - 90.5)
        assert row.camera.name == "yard"
        assert (row.footage_id, row.detections, row.quality) == (footage_id, 4, pytest.approx(0.9))
        [said] = session.scalars(select(Description))
        assert (said.sighting_id, said.model_id) == (row.id, writer.model_id)
        values = np.array([getattr(said, name) for name in OUTPUT_NAMES])
        np.testing.assert_allclose(values, seen.appearance.attributes, rtol=1e-6)
        boxes = np.array(row.boxes)
        np.testing.assert_allclose(boxes[:, 0], seen.track.seconds, atol=1e-3)
        np.testing.assert_allclose(boxes[:, 1:5], seen.track.boxes, atol=0.051)
        np.testing.assert_allclose(boxes[:, 5], seen.track.scores, atol=1e-3)
        [embedding] = session.scalars(select(Embedding))
        np.testing.assert_array_equal(embedding.vector, seen.appearance.embedding.astype(np.float16))
        crops = session.scalars(select(CropRow).order_by(CropRow.rank)).all()
        for crop, original in zip(crops, seen.track.crops, strict=True):
            assert crop.taken_at == START + timedelta(seconds=original.seconds - 90.5)
            picture = cv2.imdecode(np.frombuffer(media.read(crop.media_key), np.uint8), cv2.IMREAD_COLOR)
            assert picture.shape == original.image.shape


def test_finishing_tells_what_became_of_the_footage(database, ingest, writer):
    footage_id = ingest([1, 2])
    with database.session() as session:
        row = session.get(Footage, footage_id)
        assert (row.state, row.progress, row.error, row.lease_owner, row.lease_until) == ("done", 1.0, None, None, None)
        assert row.frames == {"decoded": 100, "processed": 20, "gated": 30, "sampled_out": 50, "unreadable": 1}
        assert (row.duration, row.work_seconds, row.warnings) == (
            4.0,
            1.5,
            [{"kind": "gap", "start": 1.0, "end": 1.4, "detail": {}}],
        )


def test_nobody_seen_is_a_result_too(database, ingest):
    footage_id = ingest([])
    assert counts(database) == [0, 0, 0]
    with database.session() as session:
        assert session.get(Footage, footage_id).state == "done"


def test_a_person_without_pictures_is_stored(database, writer, source, sighting, report):
    footage = writer.begin(register_footage(database, source())[0])
    footage.add(sighting(1, crops=0))
    footage.finish(report)
    assert counts(database) == [1, 1, 0]


def test_pictures_are_written_at_once_but_rows_only_at_the_end(database, media, writer, source, sighting, report):
    footage = writer.begin(register_footage(database, source())[0])
    footage.add(sighting(1))
    assert len(list(media)) == 2
    assert counts(database) == [0, 0, 0]
    footage.finish(report)
    assert counts(database) == [1, 1, 2]


def test_progress_is_seen_by_others_at_once(database, writer, source):
    footage_id, _ = register_footage(database, source())
    writer.begin(footage_id).progress(0.25)
    with database.session() as session:
        assert session.get(Footage, footage_id).progress == 0.25


def test_failing_says_why_and_what_became_of_the_frames_and_stores_no_sighting(
    database, writer, source, sighting, report
):
    footage_id, _ = register_footage(database, source())
    footage = writer.begin(footage_id)
    footage.add(sighting(1))
    footage.fail(dataclasses.replace(report, state="failed", error="yard.mp4: moov atom not found"))
    with database.session() as session:
        row = session.get(Footage, footage_id)
        assert (row.state, row.error, row.lease_owner) == ("failed", "yard.mp4: moov atom not found", None)
        assert row.frames == dataclasses.asdict(report.frames)
    assert counts(database) == [0, 0, 0]


def test_finishing_again_replaces_only_what_that_footage_had(database, ingest):
    ingest([1, 2, 3], "one")
    ingest([4, 5], "two")
    ingest([6], "one")
    assert counts(database) == [3, 3, 6]
    with database.session() as session:
        ids = session.scalars(select(SightingRow.id)).all()
    assert set(ids).isdisjoint({1, 2, 3})


def test_a_worker_that_lost_its_lease_changes_nothing(database, writer, source, sighting, report):
    footage_id, _ = register_footage(database, source())
    slow, quick = (writer.begin(footage_id) for _ in range(2))
    with database.session() as session:
        session.execute(update(Footage).values(lease_owner="quick", state="working"))
    quick = writer.begin(footage_id)
    slow.add(sighting(1))
    part = lambda: slow.store_part(report, 1.0, b"")  # noqa: E731
    for attempt in (lambda: slow.progress(0.9), part, lambda: slow.finish(report), lambda: slow.fail(report)):
        with pytest.raises(StoreError, match="taken over"):
            attempt()
    with database.session() as session:
        row = session.get(Footage, footage_id)
        assert (row.state, row.lease_owner, row.progress) == ("working", "quick", 0.0)
    quick.add(sighting(2))
    quick.finish(report)
    assert counts(database) == [1, 1, 2]


def test_what_cannot_be_stored_is_refused_when_it_is_added(writer, database, source, sighting):
    footage = writer.begin(register_footage(database, source())[0])
    good = sighting(1)
    for attributes, embedding in (
        (np.zeros(31, np.float32), good.appearance.embedding),
        (good.appearance.attributes, np.zeros(512, np.float32)),
        (good.appearance.attributes, np.full(544, np.nan, np.float32)),
        (np.full(32, np.inf, np.float32), good.appearance.embedding),
    ):
        with pytest.raises(ValueError, match="finite"):
            footage.add(Sighting(good.track, Appearance(attributes, embedding)))
    assert len(footage) == 0


def test_unknown_footage_cannot_be_begun(writer):
    with pytest.raises(StoreError, match="no footage has the number 99"):
        writer.begin(99)


def test_a_model_that_is_not_in_use_cannot_write(database, media, writer):
    with pytest.raises(StoreError, match="searched with the model test model"):
        Writer(database, media, ModelRef("another", "0" * 64))


@pytest.mark.parametrize("stop", ["adding", "inserting", "committing"])
def test_pulling_the_plug_leaves_nothing_and_the_next_run_gives_all(
    database, media, write_footage, elsewhere, tmp_path, stop
):
    stopped, tests = tmp_path / "stopped", str(Path(__file__).parent)
    process = elsewhere(WRITE, tests=tests, url=database.url, media=media.folder, stop=stop, stopped=stopped)
    while not stopped.exists():
        assert process.exitcode is None
        time.sleep(0.01)
    process.kill()
    process.join()
    assert counts(database) == [0, 0, 0]
    with database.session() as session:
        assert session.scalars(select(Footage.state)).all() == ["waiting"]
    assert list(media)
    write_footage(database.url, media.folder)
    disturbed = contents(database)
    assert counts(database) == [12, 12, 24]
    with database.session() as session:
        session.execute(delete(Footage))
    write_footage(database.url, media.folder)
    assert contents(database) == disturbed


def test_a_long_track_is_stored_whole(database, writer, source, sighting, report):
    footage = writer.begin(register_footage(database, source())[0])
    length = 5000
    track = Track(np.arange(length) / 25, np.ones((length, 4), np.float32), np.ones(length, np.float32), ())
    footage.add(Sighting(track, sighting(1).appearance))
    footage.finish(report)
    with database.session() as session:
        [row] = session.scalars(select(SightingRow))
        assert len(row.boxes) == row.detections == length
        assert row.last_seen - row.first_seen == timedelta(seconds=(length - 1) / 25)
