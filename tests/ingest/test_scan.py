"""What a scan reads, what it knows already, and what it makes of files that changed."""

import os
import shutil
import time
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from sqlalchemy import func, select, update

from surveil.errors import FootageError
from surveil.ingest import scan as scan_module
from surveil.ingest.leases import claim_next
from surveil.ingest.scan import Known, Waiting
from surveil.store.footage import forget_footage
from surveil.store.session import Database
from surveil.store.tables import Camera, Footage, SightingRow
from surveil.types import Source
from tests.ingest.made_up import ColourDetector, draw_clip, ingest, make_pipeline, make_worker, scan


@pytest.fixture
def database(tmp_path):
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as opened:
        yield opened


@pytest.fixture
def examined(monkeypatch):
    """The hashes with which footage was examined; None: it was read and hashed."""
    hashes = []
    real = scan_module.examine

    def examine(found, rules, *, content_hash=None, **options):
        hashes.append(content_hash)
        return real(found, rules, content_hash=content_hash, **options)

    monkeypatch.setattr(scan_module, "examine", examine)
    return hashes


def rows(database):
    with database.session() as session:
        return session.scalars(select(Footage).order_by(Footage.id)).all()


def test_known_files_are_not_read_again_copies_included(database, media, clip, tmp_path, examined):
    copy = shutil.copy(clip, tmp_path / "copy.mp4")
    ingest(database, media, clip, copy)
    assert examined == [None, None]
    found = list(scan(database, clip, copy))
    assert [type(item) for item in found] == [Known, Known]
    assert "the same content" in found[1].remark
    assert len(examined) == 2


def test_what_waits_is_examined_but_not_hashed_again(database, clip, examined):
    [first] = scan(database, clip)
    [second] = scan(database, clip)
    assert isinstance(second, Waiting)
    assert first.footage_id == second.footage_id
    assert examined == [None, first.source.content_hash]


def test_a_changed_file_is_hashed_again_and_what_it_was_is_forgotten_if_never_done(database, tmp_path, examined):
    path = draw_clip(tmp_path / "yard.mp4", {}, seconds=1)
    [before] = scan(database, path)
    draw_clip(path, {}, seconds=2)
    [after] = scan(database, path)
    assert examined == [None, None]
    assert before.source.content_hash != after.source.content_hash
    assert [row.id for row in rows(database)] == [after.footage_id]


def test_the_first_piece_comes_before_the_rest_is_read(database, clip, tmp_path, examined):
    for number in range(20):
        (tmp_path / "many").mkdir(exist_ok=True)
        shutil.copy(clip, tmp_path / "many" / f"{number}.mp4")
    found = scan(database, tmp_path / "many")
    assert isinstance(next(found), Waiting)
    assert len(examined) == 1


def test_an_error_of_one_file_stays_its_own(database, clip, tmp_path, monkeypatch):
    real = scan_module.examine

    def examine(found, rules, **options):
        if found.path.name == "odd.mp4":
            raise OverflowError("year 10000")
        return real(found, rules, **options)

    monkeypatch.setattr(scan_module, "examine", examine)
    odd = shutil.copy(clip, tmp_path / "odd.mp4")
    error, good = scan(database, odd, clip)
    assert isinstance(error, FootageError)
    assert "OverflowError: year 10000" in str(error)
    assert isinstance(good, Waiting)


def test_a_camera_name_that_no_database_takes_is_an_error_of_that_file(database, clip):
    [error] = scan(database, clip, camera="x" * 201)
    assert isinstance(error, FootageError)
    assert "200 characters" in str(error)


def test_a_correction_after_a_crash_counts(database, media, clip):
    [item] = scan(database, clip, camera="wrong")
    claim_next(database, [item.footage_id], "elsewhere 1 2 3")
    with database.session() as session:
        session.execute(update(Footage).values(lease_until=None))
    [report] = ingest(database, media, clip, camera="right")
    assert (report.state, report.camera) == ("done", "right")
    with database.session() as session:
        seen = select(Camera.name).join(SightingRow, SightingRow.camera_id == Camera.id).distinct()
        assert session.scalars(seen).all() == ["right"]


def test_done_footage_is_named_with_its_camera_when_another_is_said(database, media, clip):
    ingest(database, media, clip, camera="wrong")
    [known] = scan(database, clip, camera="right")
    assert "as camera wrong" in known.remark
    assert "surveil footage set 1 --camera" in known.remark


def test_done_again_on_request(database, media, clip, contents):
    ingest(database, media, clip)
    before = contents(database)
    detector = ColourDetector()
    worker = make_worker(database, media, make_pipeline(detector))
    assert [report.state for report in worker.ingest(scan(database, clip, again=True))] == ["done"]
    assert detector.seen > 0
    assert contents(database) == before


def test_a_file_that_grew_replaces_what_it_was(database, media, tmp_path):
    path = tmp_path / "yard_2026-09-14_08-00-00.mp4"
    draw_clip(path, {"red": (1, 4, 60)}, seconds=5)
    ingest(database, media, path)
    pictures = set(media)
    draw_clip(path, {"red": (1, 4, 60), "blue": (6, 9, 50)}, seconds=10)
    time.sleep(0.01)
    [report] = ingest(database, media, path)
    assert (report.state, report.sightings) == ("done", 2)
    [footage] = rows(database)
    assert footage.duration == pytest.approx(10)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 2
    assert pictures
    forget_footage(database, media, str(path))
    assert list(media) == [], "no picture is left of either version"


def test_a_folder_of_crops_with_one_more_picture_replaces_what_it_was(database, media, tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    for number in range(3):
        picture = np.full((128, 64, 3), 60 * number, np.uint8)
        cv2.imwrite(str(folder / f"0002_c1s1_00045{number}_03.jpg"), picture)
        reports = ingest(database, media, folder, start=datetime(2026, 9, 14, tzinfo=UTC))
        assert [(report.state, report.sightings) for report in reports] == [("done", number + 1)]
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 3
    assert len(rows(database)) == 1


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_a_file_that_is_replaced_is_not_stored_under_the_old_hash(database, media, tmp_path, moment):
    path = draw_clip(tmp_path / "yard.mp4", {"red": (1, 4, 60)}, seconds=5)
    other = draw_clip(tmp_path / "elsewhere" / "other.mp4", {"blue": (1, 4, 60)}, seconds=5)
    size = 8 + max(clip.stat().st_size for clip in (path, other))
    for clip in (path, other):
        free = size - clip.stat().st_size
        clip.write_bytes(clip.read_bytes() + free.to_bytes(4, "big") + b"free" + bytes(free - 8))

    def replace(*_):
        if other.exists():
            os.utime(other, ns=(0, path.stat().st_mtime_ns))  # neither size nor time tells
            other.replace(path)

    found = list(scan(database, path))
    if moment == "before":
        replace()
    [report] = make_worker(database, media, make_pipeline(ColourDetector(replace))).ingest(found)
    assert report.state == "failed"
    assert "changed after it was found" in report.error
    with database.session() as session:
        assert session.scalars(select(SightingRow)).all() == []
    [report] = ingest(database, media, path)
    assert (report.state, report.sightings) == ("done", 1)


def test_hundreds_of_known_files_are_told_without_reading_one(database, tmp_path, monkeypatch):
    folder = tmp_path / "many"
    folder.mkdir()
    paths = [folder / f"{number:04}.mp4" for number in range(600)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def examine(found, rules, **_options):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        digest = found.path.name.rjust(64, "0")
        return Source(found.path, "video", "c", "flag", at, "flag", digest, size=found.size, mtime_ns=found.mtime_ns)

    monkeypatch.setattr(scan_module, "examine", examine)
    assert sum(isinstance(item, Waiting) for item in scan(database, folder)) == 600
    with database.session() as session:
        session.execute(update(Footage).values(state="done"))
    monkeypatch.setattr(scan_module, "examine", None)  # must not be called
    assert sum(isinstance(item, Known) for item in scan(database, folder)) == 600
