"""From paths to stored sightings, with a made-up detector and model."""

import shutil
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from sqlalchemy import select, update

from surveil.errors import CheckpointError, FootageReadError, StoreError, StoreUnavailableError
from surveil.ingest.leases import claim_next
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Embedding, Footage, SightingRow
from surveil.store.writer import FootageWriter
from tests.ingest.made_up import (
    ColourDetector,
    ColourModel,
    draw_clip,
    draw_crops,
    ingest,
    make_pipeline,
    make_worker,
    scan,
)

START = datetime(2026, 9, 14, 8, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    """An SQLite database: what differs between backends is tested with the queue, with kills and in the store."""
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as opened:
        yield opened


def rows(database, what):
    with database.session() as session:
        return session.scalars(select(what).order_by(what.id)).all()


def states(reports):
    """In the order of the names: what is known may be told before other footage is worked on."""
    return [report.state for report in sorted(reports, key=lambda report: report.path.name)]


def test_each_walker_becomes_one_sighting_at_its_time_and_place(database, media, clip):
    [report] = ingest(database, media, clip)
    assert (report.state, report.sightings, report.camera, report.error) == ("done", 2, "yard", None)
    red, blue = sorted(rows(database, SightingRow), key=lambda sighting: sighting.first_seen)
    for sighting, begin, end, pace in ((red, 1, 5, 60), (blue, 3, 7, -50)):
        assert abs(sighting.first_seen - START - timedelta(seconds=begin)) < timedelta(seconds=0.45)
        assert abs(sighting.last_seen - START - timedelta(seconds=end)) < timedelta(seconds=0.45)
        seconds, left = np.array(sighting.boxes)[:, 0], np.array(sighting.boxes)[:, 1]
        np.testing.assert_allclose(left, (10 if pace > 0 else 270) + pace * (seconds - begin), atol=4)


def test_a_sighting_has_its_best_crops_and_what_the_model_says_of_them(database, media, clip):
    ingest(database, media, clip)
    with database.session() as session:
        for sighting in session.scalars(select(SightingRow)):
            crops = session.scalars(
                select(CropRow).where(CropRow.sighting_id == sighting.id).order_by(CropRow.rank)
            ).all()
            qualities = [crop.quality for crop in crops]
            assert 1 < len(crops) <= 5
            assert qualities == sorted(qualities, reverse=True)
            assert sighting.quality == qualities[0]
            pictures = [cv2.imdecode(np.frombuffer(media.read(crop.media_key), np.uint8), 1) for crop in crops]
            described = np.stack([one.embedding for one in ColourModel().describe(pictures)])
            expected = np.average(described, axis=0, weights=qualities)
            vector = session.scalars(select(Embedding.vector).where(Embedding.sighting_id == sighting.id)).one()
            np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=0.01)  # JPEG, float16


@pytest.mark.parametrize("gate", [True, False])
def test_every_frame_is_accounted_for(database, media, clip, gate):
    detector = ColourDetector()
    [report] = ingest(database, media, clip, pipeline=make_pipeline(detector, gate=gate, fps=5))
    frames = report.frames
    assert frames.decoded == 80
    assert frames.decoded == frames.processed + frames.gated + frames.sampled_out
    assert frames.processed == detector.seen
    assert (frames.gated > 0) is gate
    assert frames.sampled_out == 40
    [stored] = rows(database, Footage)
    assert stored.frames == {
        "decoded": 80,
        "processed": frames.processed,
        "gated": frames.gated,
        "sampled_out": 40,
        "unreadable": 0,
    }
    assert report.duration == stored.duration == pytest.approx(8.0)


@pytest.mark.parametrize("count", [0, 1])
def test_footage_of_nobody_and_of_one(database, media, tmp_path, count):
    draw_clip(tmp_path / "clip.mp4", {"red": (0, 3, 60)} if count else {}, seconds=3)
    [report] = ingest(database, media, tmp_path / "clip.mp4")
    assert (report.state, report.sightings) == ("done", count)


def test_bad_files_stop_nothing(database, media, clip, tmp_path):
    folder = tmp_path / "footage"
    folder.mkdir()
    (folder / "a_empty.mp4").touch()
    (folder / "b_text.mp4").write_text("no video")
    shutil.copy(clip, folder / "c_good.mp4")
    whole = clip.read_bytes()
    (folder / "d_truncated.mp4").write_bytes(whole[: len(whole) // 2])
    reports = {report.path.name: report for report in ingest(database, media, folder)}
    assert len(reports) == 4
    for name in ("a_empty.mp4", "b_text.mp4", "d_truncated.mp4"):
        assert reports[name].state == "failed", name
        assert name in reports[name].error
    assert (reports["c_good.mp4"].state, reports["c_good.mp4"].sightings) == ("done", 2)


def test_the_same_content_is_ingested_once(database, media, clip, tmp_path, contents):
    copy = shutil.copy(clip, tmp_path / "renamed.mp4")
    detector = ColourDetector()
    first, second = ingest(database, media, clip, copy, pipeline=make_pipeline(detector))
    assert (first.state, second.state) == ("done", "known")
    assert second.path == copy
    once, seen = contents(database), detector.seen
    again = ingest(database, media, copy, clip, pipeline=make_pipeline(detector))
    assert states(again) == ["known", "known"]
    assert str(clip) in again[0].remark
    assert again[1].remark == "ingested before"
    assert contents(database) == once
    assert detector.seen == seen


@pytest.mark.parametrize("stopped", [False, True])
def test_copies_that_are_found_while_the_first_is_in_work_are_told_of(database, media, clip, tmp_path, stopped):
    copies = [shutil.copy(clip, tmp_path / f"{name}.mp4") for name in "abcd"]
    stop, all_found = threading.Event(), threading.Event()

    def found():
        yield from scan(database, clip, *copies)
        all_found.set()

    def look(_image):
        assert all_found.wait(20)
        if stopped:
            stop.set()

    reports = list(make_worker(database, media, make_pipeline(ColourDetector(look)), stop=stop).ingest(found()))
    assert {report.path for report in reports} == {clip, *copies}
    if stopped:
        assert {report.state for report in reports} == {"stopped"}
    else:
        assert [report.state for report in reports] == ["done"] + ["known"] * 4
        assert {report.remark for report in reports[1:]} == {f"the same content as {clip}"}


def test_nothing_is_loaded_where_nothing_is_to_be_done(database, media, clip):
    ingest(database, media, clip)

    def must_not_load():
        raise AssertionError("loaded although there is nothing to do")

    pipeline = make_pipeline()
    pipeline._load_detector = pipeline._load_model = must_not_load
    assert states(ingest(database, media, clip, pipeline=pipeline)) == ["known"]


class BrokenDetector(ColourDetector):
    """Fails at the given picture."""

    def __init__(self, at, error):
        super().__init__(look=self._fail)
        self.at, self.error = at, error

    def _fail(self, image):
        if self.seen == self.at:
            raise self.error


def test_where_the_program_fails_the_rest_goes_on_and_the_next_run_tries_again(database, media, clip, tmp_path):
    other = draw_clip(tmp_path / "other.mp4", {"green": (0, 3, 60)}, seconds=3)
    reports = ingest(database, media, clip, other, pipeline=make_pipeline(BrokenDetector(20, IndexError("oops"))))
    assert [report.state for report in reports] == ["failed", "done"]
    assert "IndexError: oops" in reports[0].error
    assert reports[0].sightings == 0
    assert [footage.state for footage in rows(database, Footage)] == ["failed", "done"]
    assert {sighting.footage_id for sighting in rows(database, SightingRow)} == {rows(database, Footage)[1].id}
    assert states(ingest(database, media, clip, other)) == ["known", "done"]
    assert rows(database, Footage)[0].error is None


@pytest.mark.parametrize("error", [CheckpointError("no weights"), StoreError("disk full"), KeyboardInterrupt()])
def test_what_is_not_the_footages_fault_ends_the_run_and_gives_it_back(database, media, clip, error):
    with pytest.raises(type(error)):
        ingest(database, media, clip, pipeline=make_pipeline(BrokenDetector(20, error)))
    [footage] = rows(database, Footage)
    assert (footage.state, footage.attempts, footage.lease_owner) == ("waiting", 0, None)
    assert states(ingest(database, media, clip)) == ["done"]


def test_a_worker_that_was_thought_dead_does_not_store_a_second_result(database, media, clip):
    def take_over(image):
        with database.session() as session:
            session.execute(update(Footage).values(lease_owner="another", state="done"))

    [report] = ingest(database, media, clip, pipeline=make_pipeline(ColourDetector(take_over)))
    assert (report.state, report.remark) == ("known", "another worker has ingested it meanwhile")
    assert rows(database, SightingRow) == []
    assert rows(database, Footage)[0].lease_owner == "another"


def test_progress_is_told_and_stored(database, media, clip, monkeypatch):
    monkeypatch.setattr("surveil.ingest.worker.PROGRESS_SECONDS", 0)
    told, stored = [], []

    def progress(source, done):
        told.append(done)
        stored.append(rows(database, Footage)[0].progress)

    worker = make_worker(database, media, progress=progress)
    list(worker.ingest(scan(database, clip)))
    assert told[0] == 0
    assert told == sorted(told)
    assert 0.8 < told[-1] <= 1
    assert stored[1:] == [0, *told[1:-1]]
    assert rows(database, Footage)[0].progress == 1


def test_a_folder_of_crops_gives_a_sighting_per_picture(database, media, tmp_path):
    names = ["0002_c1s1_000451_03.jpg", "0002_c2s1_000551_01.jpg", "0007_c1s2_000025_01.jpg", "-1_c1s1_000500_01.jpg"]
    random = np.random.default_rng(0)
    for name in names:
        cv2.imwrite(str(tmp_path / name), random.integers(0, 255, (128, 64, 3), np.uint8))
    (tmp_path / "0009_c1s1_000900_01.jpg").write_bytes(b"no picture")
    detector = ColourDetector()
    reports = ingest(database, media, tmp_path, start=START, pipeline=make_pipeline(detector))
    assert [(report.camera, report.state, report.sightings) for report in reports] == [
        ("c1", "done", 2),
        ("c2", "done", 1),
    ]
    assert (reports[0].frames.decoded, reports[0].frames.processed, reports[0].frames.unreadable) == (2, 2, 1)
    assert "junk_skipped" in [warning.kind for warning in reports[0].warnings]
    assert detector.seen == 0
    times = [(sighting.first_seen - START).total_seconds() for sighting in rows(database, SightingRow)]
    assert times == [pytest.approx(451 / 25), pytest.approx(7200 + 1), pytest.approx(551 / 25)]
    for sighting in rows(database, SightingRow):
        assert [box[1:] for box in sighting.boxes] == [[0, 0, 64, 128, 1]]
        assert sighting.first_seen == sighting.last_seen
        assert 0.5 < sighting.quality <= 1


def test_short_tracks_are_dropped_and_counted(database, media, tmp_path):
    clip = draw_clip(tmp_path / "clip.mp4", {"red": (1, 1.3, 60), "blue": (1, 4, -30)}, seconds=5)
    [report] = ingest(database, media, clip)
    assert (report.sightings, report.short_tracks) == (1, 1)


def test_memory_does_not_grow_with_the_length_of_the_footage(database, media, tmp_path):
    peaks = []
    for seconds in (3, 20):
        clip = draw_clip(tmp_path / f"{seconds}.mp4", {"red": (0, seconds, 0)}, seconds=seconds, fps=25)
        tracemalloc.start()
        [report] = ingest(database, media, clip, pipeline=make_pipeline(gate=False, fps=25))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.frames.processed == 25 * seconds
    assert peaks[1] < peaks[0] + 5e6, "a second more costs memory"


def test_the_detector_goes_on_while_people_are_described(database, media, tmp_path):
    clip = draw_clip(tmp_path / "clip.mp4", {"red": (0, 3, 60), "blue": (1, 28, 8)}, seconds=30)
    detector, went_on = ColourDetector(), []

    class SlowModel(ColourModel):
        def describe(self, crops):
            seen, patience = detector.seen, time.monotonic() + 30
            while detector.seen == seen and not went_on and time.monotonic() < patience:
                time.sleep(0.01)
            went_on.append(detector.seen > seen)
            return super().describe(crops)

    [report] = ingest(database, media, clip, pipeline=make_pipeline(detector, SlowModel()))
    assert (report.state, report.sightings) == ("done", 2)
    assert went_on[0]


def test_crops_go_where_the_media_folder_is(database, tmp_path, clip):
    media = MediaFolder(tmp_path / "elsewhere")
    ingest(database, media, clip)
    assert {crop.media_key for crop in rows(database, CropRow)} == set(media)


def test_footage_of_a_worker_that_dies_meanwhile_is_taken_over_in_the_same_run(database, media, clip, monkeypatch):
    monkeypatch.setattr("surveil.ingest.worker.POLL_SECONDS", 0.05)
    [item] = scan(database, clip)
    claim_next(database, [item.footage_id], "elsewhere 1 2 3")

    def die():
        with database.session() as session:
            session.execute(update(Footage).values(lease_until=datetime(2026, 1, 1, tzinfo=UTC)))

    death = threading.Timer(0.5, die)
    death.start()
    [report] = make_worker(database, media).ingest([item])
    death.join()
    assert (report.state, report.sightings) == ("done", 2)


def test_being_stopped_gives_the_footage_back_without_an_attempt(database, media, clip):
    stop = threading.Event()
    for _ in range(4):
        stop.clear()
        worker = make_worker(database, media, make_pipeline(ColourDetector(lambda _: stop.set())), stop=stop)
        [report] = worker.ingest(scan(database, clip))
        assert (report.state, report.sightings) == ("stopped", 0)
        [footage] = rows(database, Footage)
        assert (footage.state, footage.attempts, footage.lease_owner) == ("waiting", 0, None)
    assert states(ingest(database, media, clip)) == ["done"]


def test_what_another_worker_holds_when_the_run_is_stopped_is_busy(database, media, clip):
    [item] = scan(database, clip)
    claim_next(database, [item.footage_id], "elsewhere 1 2 3")
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    [report] = make_worker(database, media, stop=stop).ingest([item])
    assert (report.state, report.remark) == ("busy", "another worker is at it")


def failing(times, real):
    """A call that fails so many times as a database does that is away."""
    left = [times]

    def call(*args, **kwargs):
        if left[0]:
            left[0] -= 1
            raise StoreUnavailableError("the server is away")
        return real(*args, **kwargs)

    return call


@pytest.mark.parametrize("name", ["finish", "store_part", "add"])
def test_a_database_that_is_away_for_a_while_costs_nothing(database, media, clip, monkeypatch, contents, name):
    monkeypatch.setattr("surveil.ingest.pipeline.PART_SECONDS", 1.0)
    monkeypatch.setattr("surveil.store.retry.FIRST_WAIT", 0.01)
    monkeypatch.setattr(FootageWriter, name, failing(3, getattr(FootageWriter, name)))
    assert states(ingest(database, media, clip)) == ["done"]
    assert len(contents(database)[1]) == 2


def test_a_commit_that_reached_the_database_before_the_connection_was_lost_is_not_repeated(
    database, media, clip, monkeypatch, contents
):
    monkeypatch.setattr("surveil.ingest.pipeline.PART_SECONDS", 1.0)
    monkeypatch.setattr("surveil.ingest.worker.PART_SHARE", 1e9)
    monkeypatch.setattr("surveil.store.retry.FIRST_WAIT", 0.01)
    for name in ("finish", "store_part"):
        real = getattr(FootageWriter, name)
        lost = [True]

        def call(self, *args, real=real, lost=lost):
            real(self, *args) if not lost[0] else _committed_but_not_told(self, real, *args)
            if lost[0]:
                lost[0] = False
                raise StoreUnavailableError("the connection was lost")

        monkeypatch.setattr(FootageWriter, name, call)
    assert states(ingest(database, media, clip)) == ["done"]
    assert len(contents(database)[1]) == 2


def _committed_but_not_told(writer, real, *args):
    """The transaction is in the database, but the writer is as before it."""
    kept, stored, replaces, watermark = list(writer._rows), writer._stored, writer._replaces, writer._lease.watermark
    real(writer, *args)
    writer._rows[:], writer._stored, writer._replaces, writer._lease.watermark = kept, stored, replaces, watermark


def test_progress_that_cannot_be_written_ends_nothing(database, media, clip, monkeypatch):
    monkeypatch.setattr("surveil.ingest.worker.PROGRESS_SECONDS", 0)
    monkeypatch.setattr(FootageWriter, "progress", failing(1000, None))
    assert states(ingest(database, media, clip)) == ["done"]


def test_a_read_error_fails_the_footage_and_the_next_run_goes_on_where_it_came(
    database, media, tmp_path, monkeypatch, contents
):
    clip = draw_clip(tmp_path / "yard.mp4", {"red": (1, 5, 60), "blue": (4, 19, 12)}, seconds=20)
    monkeypatch.setattr("surveil.ingest.pipeline.PART_SECONDS", 2.0)
    monkeypatch.setattr("surveil.ingest.worker.PART_SHARE", 1e9)
    with Database.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as other:
        ingest(other, media, clip)
        expected = contents(other)
    broken = BrokenDetector(60, FootageReadError("Input/output error", clip))
    [report] = ingest(database, media, clip, pipeline=make_pipeline(broken))
    assert (report.state, report.sightings) == ("failed", 0)
    [footage] = rows(database, Footage)
    assert footage.state == "failed"
    assert footage.frames["decoded"] > 0
    assert 5 < footage.watermark < 19
    detector = ColourDetector()
    assert states(ingest(database, media, clip, pipeline=make_pipeline(detector))) == ["done"]
    assert detector.seen < 60, "it began anew"
    assert contents(database) == expected


def test_a_folder_of_crops_that_was_interrupted_goes_on_inside(database, media, tmp_path, monkeypatch, contents):
    monkeypatch.setattr("surveil.ingest.pipeline.CROP_BATCH_SIZE", 8)
    monkeypatch.setattr("surveil.ingest.worker.PART_SHARE", 1e9)
    folder = draw_crops(tmp_path / "crops", 60)
    with Database.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as other:
        [expected] = ingest(other, media, folder)
        undisturbed = contents(other)
    described = []

    class Counting(ColourModel):
        def describe(self, crops):
            described.append(len(crops))
            if len(described) == 4:
                raise FootageReadError("Input/output error", folder)
            return super().describe(crops)

    [report] = ingest(database, media, folder, pipeline=make_pipeline(model=Counting()))
    assert report.state == "failed"
    [report] = ingest(database, media, folder, pipeline=make_pipeline(model=Counting()))
    assert described == [8, 8, 8, 8, 8, 8, 8, 4], "three batches were stored, and not described again"
    assert (report.state, report.sightings, report.frames) == ("done", 52, expected.frames)
    assert report.warnings == expected.warnings
    assert contents(database) == undisturbed


def test_with_other_settings_interrupted_footage_begins_anew(database, media, tmp_path, monkeypatch, contents):
    clip = draw_clip(tmp_path / "yard.mp4", {"red": (1, 5, 60), "blue": (4, 19, 12)}, seconds=20)
    monkeypatch.setattr("surveil.ingest.pipeline.PART_SECONDS", 2.0)
    broken = BrokenDetector(60, FootageReadError("Input/output error", clip))
    ingest(database, media, clip, pipeline=make_pipeline(broken))
    ingest(database, media, clip, pipeline=make_pipeline(fps=2))
    with Database.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as other:
        ingest(other, media, clip, pipeline=make_pipeline(fps=2))
        assert contents(database) == contents(other)


def test_what_is_said_after_an_interruption_counts_for_all_of_it(database, media, tmp_path, monkeypatch, contents):
    clip = draw_clip(tmp_path / "yard.mp4", {"red": (1, 5, 60), "blue": (4, 19, 12)}, seconds=20)
    monkeypatch.setattr("surveil.ingest.pipeline.PART_SECONDS", 2.0)
    monkeypatch.setattr("surveil.ingest.worker.PART_SHARE", 1e9)
    said = {"camera": "right", "start": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    broken = BrokenDetector(60, FootageReadError("Input/output error", clip))
    ingest(database, media, clip, pipeline=make_pipeline(broken), camera="wrong")
    assert rows(database, SightingRow)
    ingest(database, media, clip, **said)
    with Database.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as other:
        ingest(other, media, clip, **said)
        assert contents(database) == contents(other)
    named = {camera.id: camera.name for camera in rows(database, Camera)}
    assert {named[row.camera_id] for row in rows(database, SightingRow)} == {"right"}


def test_footage_on_which_a_worker_died_waits_for_what_is_still_to_be_found(database, media, clip, tmp_path):
    other = draw_clip(tmp_path / "other.mp4", {"green": (1, 4, 60)}, seconds=5)
    [poisonous, healthy] = scan(database, clip, other)
    with database.session() as session:
        session.execute(update(Footage).where(Footage.path == str(clip)).values(attempts=1))

    def found():
        yield poisonous
        time.sleep(0.3)
        yield healthy

    assert [report.path for report in make_worker(database, media).ingest(found())] == [other, clip]
