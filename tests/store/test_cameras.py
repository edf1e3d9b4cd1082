from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from surveil.errors import StoreError, SurveilError
from surveil.store.cameras import configure_camera, list_cameras
from surveil.store.tables import Camera, CropRow, SightingRow

START = datetime(2024, 3, 1, 12, tzinfo=UTC)


def times(database):
    with database.session() as session:
        sightings = session.execute(
            select(SightingRow.first_seen, SightingRow.last_seen).order_by(SightingRow.id)
        ).all()
        return [tuple(row) for row in sightings], session.scalars(select(CropRow.taken_at).order_by(CropRow.id)).all()


@pytest.mark.parametrize("offset", [-180, 0.25, 86400 * 365.0, 1e-6, -3e9 + 0.123457])
def test_an_offset_moves_what_the_camera_has_seen_and_nothing_else(database, ingest, offset):
    ingest([1, 2, 3], "one", camera="yard")
    ingest([4, 5], "two", camera="gate")
    before = times(database)
    with database.session() as session:
        configure_camera(session, "yard", clock_offset=offset)
    shift = timedelta(seconds=offset)
    after = times(database)
    assert after[0] == [(a + shift, b + shift) for a, b in before[0][:3]] + before[0][3:]
    assert after[1] == [time + shift for time in before[1][:6]] + before[1][6:]
    with database.session() as session:
        configure_camera(session, "yard", clock_offset=7.7)
        configure_camera(session, "yard", clock_offset=0)
    assert times(database) == before


def test_times_stay_within_the_calendar(database, ingest):
    ingest([1])
    with database.session() as session:
        session.execute(update(SightingRow).values(last_seen=datetime(9990, 1, 1, tzinfo=UTC)))
    before = times(database)
    with pytest.raises(StoreError, match="calendar"), database.session() as session:
        configure_camera(session, "yard", clock_offset=20 * 366 * 86400)
    assert times(database) == before


def test_footage_ingested_later_gets_the_offset(database, ingest):
    ingest([1], "one")
    with database.session() as session:
        configure_camera(session, "yard", clock_offset=-180)
    ingest([1], "two")
    [(first, second), _] = times(database)
    assert first == second
    assert first[0] == START - timedelta(seconds=180)


def test_a_zone_moves_nothing(database, ingest):
    ingest([1])
    before = times(database)
    with database.session() as session:
        assert configure_camera(session, "yard", zone="Europe/Rome").zone == "Europe/Rome"
    assert times(database) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Europe/Atlantis"},
        {"zone": ""},
        {"zone": "../etc"},
        {"clock_offset": float("nan")},
        {"clock_offset": 1e12},
    ],
)
def test_values_that_make_no_sense_are_refused(database, ingest, wrong):
    ingest([1])
    with pytest.raises(SurveilError), database.session() as session:
        configure_camera(session, "yard", **wrong)
    with database.session() as session:
        [camera] = session.scalars(select(Camera))
        assert (camera.zone, camera.clock_offset) == ("UTC", 0.0)


def test_an_unknown_camera_is_made_only_on_demand(database, ingest):
    ingest([1])
    with pytest.raises(StoreError, match="Known: yard"), database.session() as session:
        configure_camera(session, "yrad", zone="UTC")
    with database.session() as session:
        configure_camera(session, "gate", zone="Asia/Tokyo", create=True)
    with database.session() as session:
        listed = [(camera.name, camera.zone, footage, seen) for camera, footage, seen in list_cameras(session)]
    assert listed == [("gate", "Asia/Tokyo", 0, 0), ("yard", "UTC", 1, 1)]
