import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from surveil.errors import StoreError, SurveilError
from surveil.store.cameras import configure_camera, list_cameras
from surveil.store.tables import Camera, Crop, SightingRow

START = datetime(2024, 3, 1, 12, tzinfo=UTC)


def times(database):
    with database.session() as session:
        sightings = session.execute(
            select(SightingRow.first_seen, SightingRow.last_seen).order_by(SightingRow.id)
        ).all()
        return [tuple(row) for row in sightings], session.scalars(select(Crop.taken_at).order_by(Crop.id)).all()


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


def test_a_clustering_that_runs_at_the_same_time_is_no_deadlock(database, ingest):
    """Both lock all sightings of a camera; whoever locks them in another order waits for the other for ever."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one lock for all rows")
    ingest(range(1, 9))
    with database.session() as session:
        # Neither by time nor by place do the first rows come first: a plain update would take the others before them.
        session.execute(text("UPDATE sighting SET first_seen = first_seen + interval '1 hour' WHERE id <= 4"))
    moved = threading.Thread(target=lambda: move(database))
    with database.session() as clustering:
        clustering.execute(select(SightingRow.id).where(SightingRow.id == 1).with_for_update())
        moved.start()
        wait_until_blocked(database)
        clustering.execute(text("SET LOCAL lock_timeout = '5s'"))
        clustering.execute(select(SightingRow.id).order_by(SightingRow.id).with_for_update())
    moved.join()
    assert times(database)[0][0][0] == START + timedelta(hours=1, seconds=60)


def move(database):
    with database.session() as session:
        configure_camera(session, "yard", clock_offset=60)


def wait_until_blocked(database):
    deadline = time.monotonic() + 30
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while time.monotonic() < deadline:
        with database.session() as session:
            if session.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


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
