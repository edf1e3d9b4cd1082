"""Folders of crops: one source per camera, times from names or files, junk left out and said."""

import os
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from surveil.errors import FootageError, FootageReadError
from surveil.footage.crops_folder import CropReader
from surveil.footage.warnings import warnings_in_words
from tests.footage.walk import discover

EPOCH = 1_789_373_700
"""2026-09-14 08:15:00 UTC."""
AT = datetime(2026, 9, 14, 8, 15, tzinfo=UTC)


def picture(path, height=128, width=64, level=100, modified=EPOCH):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), level, np.uint8))
    os.utime(path, (modified, modified))
    return path


@pytest.fixture
def market(tmp_path):
    """Two cameras, three sequences, junk and a distractor."""
    folder = tmp_path / "bounding_box_test"
    for number, name in enumerate(
        [
            "0002_c1s1_000451_03.jpg",
            "0002_c1s2_000050_01.jpg",
            "0007_c1s1_000025_01.jpg",
            "-1_c1s1_000100_02.jpg",
            "-1_c1s1_000200_02.jpg",
            "0000_c2s1_000075_01.jpg",
            "0003_c2s3_000000_01.jpg.jpg",
            "-1_c3s1_000075_01.jpg",
        ]
    ):
        picture(folder / name, level=20 * number, modified=EPOCH + 10 * number)
    (folder / "Thumbs.db").write_bytes(b"\0" * 100)
    return folder


def test_market_names_are_split_per_camera_and_timed_by_frame(market):
    c1, c2 = discover([market])
    assert [(s.path, s.kind, s.camera, s.camera_from) for s in (c1, c2)] == [
        (market, "crops", "c1", "path"),
        (market, "crops", "c2", "path"),
    ]
    # frames at 25 per second, sequences two hours apart
    assert [(file.path.name, file.seconds) for file in c1.crops] == [
        ("0007_c1s1_000025_01.jpg", 1.0),
        ("0002_c1s1_000451_03.jpg", 18.04),
        ("0002_c1s2_000050_01.jpg", 7202.0),
    ]
    assert [(file.path.name, file.seconds) for file in c2.crops] == [
        ("0000_c2s1_000075_01.jpg", 3.0),
        ("0003_c2s3_000000_01.jpg.jpg", 14400.0),
    ]
    # no date in the names: both count from the oldest file, so that the cameras stay in step
    assert {(s.started_at, s.started_from) for s in (c1, c2)} == {(AT, "file time")}


def test_junk_is_skipped_and_said(market):
    c1, c2 = discover([market])
    assert (c1.skipped, c2.skipped) == (2, 0)
    assert warnings_in_words(CropReader(c1).result.warnings) == [
        "2 pictures are junk by their names (identity -1) and were skipped"
    ]
    assert warnings_in_words(CropReader(c2).result.warnings) == []


def test_flags_hold_for_a_folder_of_crops(market):
    [source] = discover([market], camera="hall", start=datetime(2026, 9, 1, 12), zone="Europe/Rome")
    assert (source.camera, source.camera_from) == ("hall", "flag")
    assert (source.started_at, source.started_from) == (datetime(2026, 9, 1, 10, tzinfo=UTC), "flag")
    assert (len(source.crops), source.skipped) == (5, 3)


def test_names_with_times(tmp_path):
    for name in ("gate_20260914_101502", "gate_20260914_101500", "yard_20260914_101507"):
        picture(tmp_path / "crops" / f"{name}.png")
    gate, yard = discover([tmp_path], zone="Europe/Rome")
    assert (gate.camera, gate.started_at, gate.started_from) == ("gate", AT, "path")
    assert [file.seconds for file in gate.crops] == [0.0, 2.0]
    assert (yard.camera, yard.started_at.second) == ("yard", 7)


def test_file_times_where_a_name_has_none(tmp_path):
    folder = tmp_path / "entrance"
    picture(folder / "a.jpg", modified=EPOCH + 30)
    picture(folder / "b.jpg", modified=EPOCH)
    [source] = discover([folder])
    assert (source.camera, source.camera_from) == ("entrance", "default")
    assert (source.started_at, source.started_from) == (AT, "file time")
    assert [(file.path.name, file.seconds) for file in source.crops] == [("b.jpg", 0.0), ("a.jpg", 30.0)]


@pytest.mark.parametrize(("height", "width", "crops"), [(160, 60, 1), (100, 100, 0), (480, 640, 0), (1600, 900, 0)])
def test_only_small_upright_pictures_are_crops(tmp_path, height, width, crops):
    for name in "abc":
        picture(tmp_path / f"{name}.jpg", height, width)
    found = [source for source in discover([tmp_path]) if not isinstance(source, FootageError)]
    assert len(found) == crops


def test_the_hash_is_that_of_names_and_contents(tmp_path):
    def digest(folder, name="a.jpg", level=100):
        picture(tmp_path / folder / name, level=level)
        return next(discover([tmp_path / folder])).content_hash

    same = digest("one")
    assert digest("two") == same
    assert digest("three", level=101) != same
    assert digest("four", name="b.jpg") != same


def test_crops_are_read_in_order_of_time_and_counted(market):
    reader = CropReader(next(discover([market])))
    crops = list(reader)
    assert [crop.seconds for crop in crops] == [1.0, 18.04, 7202.0]
    assert [crop.path.name[:4] for crop in crops] == ["0007", "0002", "0002"]
    assert [round(float(crop.image.mean())) for crop in crops] == [40, 0, 20]
    assert crops[0].image.shape == (128, 64, 3)
    assert reader.result.duration == 7201.0
    assert (reader.result.frames.decoded, reader.result.frames.processed, reader.result.frames.unreadable) == (3, 3, 0)


def test_a_picture_that_cannot_be_read_costs_only_itself(market):
    (market / "0002_c1s1_000451_03.jpg").write_bytes(b"no picture")
    (market / "0002_c1s2_000050_01.jpg").write_bytes(b"")
    reader = CropReader(next(discover([market])))
    assert [crop.path.name for crop in reader] == ["0007_c1s1_000025_01.jpg"]
    assert (reader.result.frames.decoded, reader.result.frames.unreadable) == (1, 2)
    assert warnings_in_words(reader.result.warnings)[1:] == [
        "2 pictures cannot be read: 0002_c1s1_000451_03.jpg, 0002_c1s2_000050_01.jpg"
    ]


def test_no_picture_can_be_read(market):
    source = next(discover([market]))
    for file in source.crops:
        file.path.write_bytes(b"no picture")
    with pytest.raises(FootageError, match="none of its pictures can be read"):
        list(CropReader(source))


def test_a_picture_that_the_system_cannot_read_is_no_damaged_one(market):
    source = next(discover([market]))
    source.crops[1].path.unlink()
    with pytest.raises(FootageReadError, match=r"0002_c1s1_000451_03\.jpg: cannot be read.*tried again"):
        list(CropReader(source))


def test_pictures_too_large_to_be_decoded_cost_nothing_but_themselves(market):
    bomb, large = market / "0002_c1s1_000451_03.jpg", market / "0002_c1s2_000050_01.jpg"
    bomb.write_bytes(cv2.imencode(".png", np.zeros((3000, 3000), np.uint8))[1].tobytes())
    picture(large, 2000, 1000, level=200)
    reader = CropReader(next(discover([market])), max_pixels=1_000_000)
    crops = list(reader)
    assert [crop.path.name for crop in crops] == ["0007_c1s1_000025_01.jpg", large.name]
    assert crops[1].image.shape == (1000, 500, 3)  # a JPEG is decoded at half its size
    assert reader.result.frames.unreadable == 1


def test_times_of_files_are_told_as_such_also_under_a_flag(tmp_path):
    for number, name in enumerate("ab"):
        picture(tmp_path / "entrance" / f"{name}.jpg", modified=EPOCH + number)
    [source] = discover([tmp_path], start=datetime(2026, 9, 1, 12, tzinfo=UTC))
    assert (source.started_at, source.started_from) == (datetime(2026, 9, 1, 12, tzinfo=UTC), "file time")


def test_pictures_without_rights_are_reported(public_folder, as_ordinary_user):
    for name in "abc":
        picture(public_folder / "crops" / f"{name}.jpg")
    (public_folder / "crops" / "b.jpg").chmod(0)
    with as_ordinary_user():
        found = list(discover([public_folder]))
    errors = [result for result in found if isinstance(result, FootageError)]
    [source] = [result for result in found if not isinstance(result, FootageError)]
    assert [error.what for error in errors] == ["1 pictures cannot be read: b.jpg (Permission denied)"]
    assert [file.path.name for file in source.crops] == ["a.jpg", "c.jpg"]
