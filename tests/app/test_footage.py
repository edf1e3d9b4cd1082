"""Correcting footage and cameras as an operator says it: local times, new cameras, what is known of both."""

from datetime import UTC, datetime, timedelta

import pytest

import surveil
from surveil.errors import StoreError, SurveilError

START = datetime(2026, 9, 14, 12, tzinfo=UTC)


@pytest.fixture
def archive(database, media, fill, made_up):
    """Two sightings at the gate in Berlin, from noon UTC on, and one in the yard in Tokyo."""
    fill([made_up(0, 5), made_up(60, 65)], camera="gate", zone="Europe/Berlin", start=START)
    fill([made_up(0, 5)], camera="yard", zone="Asia/Tokyo", start=START)
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        yield opened


def first_seen(archive, camera):
    return [match.first_seen for match in archive.search(cameras=[camera], sort="oldest").matches]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"start": "2026-09-14T09:00"}, datetime(2026, 9, 14, 7, tzinfo=UTC)),
        ({"start": "2026-01-14T09:00"}, datetime(2026, 1, 14, 8, tzinfo=UTC)),
        ({"start": datetime(2026, 9, 14, 9)}, datetime(2026, 9, 14, 7, tzinfo=UTC)),
        ({"start": "2026-09-14T09:00-03:00"}, datetime(2026, 9, 14, 12, tzinfo=UTC)),
        ({"start": "2026-09-14T09:00", "camera": "yard"}, datetime(2026, 9, 14, 0, tzinfo=UTC)),
        ({"start": "2026-09-14T09:00", "camera": "a new one"}, datetime(2026, 9, 14, 9, tzinfo=UTC)),
    ],
    ids=str,
)
def test_a_start_without_an_offset_is_local_to_the_camera_that_it_has_then(archive, said, meant):
    [path] = archive.correct_footage(1, **said)
    camera = said.get("camera", "gate")
    seen = first_seen(archive, camera)
    assert {meant, meant + timedelta(seconds=60)} <= set(seen)
    assert [piece.started_at for piece in archive.status().footage if piece.path == path] == [meant]
    assert len(seen) == (3 if camera == "yard" else 2)
    assert first_seen(archive, "yard").count(START) == 1, "nobody else is moved"


def test_what_is_no_time_or_no_footage_changes_nothing(archive):
    for which, said, error in (
        (1, {"start": "yesterday"}, SurveilError),
        (9, {"camera": "yard"}, StoreError),
        ("/none.mp4", {"start": "2026-09-14T09:00"}, StoreError),
    ):
        with pytest.raises(error):
            archive.correct_footage(which, **said)
    assert first_seen(archive, "gate") == [START, START + timedelta(seconds=60)]


def test_what_is_known_of_cameras(archive):
    told = {camera.camera: (camera.zone, camera.footage, camera.sightings) for camera in archive.cameras().cameras}
    assert told == {"gate": ("Europe/Berlin", 1, 2), "yard": ("Asia/Tokyo", 1, 1)}
    assert archive.common_zone() is None
    assert archive.set_camera("yard", zone="Europe/Berlin").zone == "Europe/Berlin"
    assert archive.common_zone() == "Europe/Berlin"
    archive.set_camera("roof", zone="Europe/Berlin", create=True)
    assert archive.camera_names() == ["gate", "roof", "yard"]


def test_footage_is_known_by_its_whole_path_only(archive):
    [path, _] = [piece.path for piece in archive.status().footage]
    assert str(archive.known_path(path)) == path
    assert archive.known_path(path.rpartition("/")[2]) is None
    archive.forget_footage(path)
    assert archive.known_path(path) is None
    assert first_seen(archive, "yard") == [START]
