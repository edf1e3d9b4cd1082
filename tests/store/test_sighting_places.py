"""Cameras and hours in memory are those of the database, whatever comes, goes or is corrected."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from surveil.store.cameras import configure_camera
from surveil.store.footage import correct_footage, forget_footage
from surveil.store.granted import only_cameras
from surveil.store.tables import Footage, SightingRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def follows(database):
    """Whether the copy says what the database does; on Postgres that there is none."""

    def check():
        with database.session() as session:
            held = database.places.all(session)
            rows = session.execute(select(SightingRow.id, SightingRow.camera_id, SightingRow.first_seen)).all()
        if database.dialect == "postgresql":
            return held is None
        said = list(zip(held.ids.tolist(), held.cameras.tolist(), held.hours.tolist(), strict=True))
        return said == sorted((number, camera, (seen - EPOCH) // timedelta(hours=1)) for number, camera, seen in rows)

    return check


def test_the_copy_follows_what_comes_goes_and_is_corrected(database, media, fill, made_up, follows):
    assert follows()
    before_1970 = fill([made_up(), made_up(3599)], start=datetime(1969, 12, 31, 22, 59, 59, tzinfo=UTC), camera="old")
    assert follows()
    first = fill([made_up(), made_up(1800), made_up(7200)], camera="gate")
    fill([made_up(5)], camera="yard")
    assert follows()
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == first[1]))
    assert follows()
    with database.session() as session:
        configure_camera(session, "gate", zone=None, clock_offset=-7200.0)
    assert follows()
    with database.session() as session:
        footage = session.get(SightingRow, first[0]).footage_id
    correct_footage(database, str(footage), camera="yard")
    assert follows()
    correct_footage(database, str(footage), start=datetime(2020, 2, 29, 23, 30, tzinfo=UTC))
    assert follows()
    with database.session() as session:
        gone = session.get(Footage, session.get(SightingRow, before_1970[0]).footage_id).path
    forget_footage(database, media, gone)
    fill([made_up(), made_up(3599)], start=datetime(2001, 1, 1, tzinfo=UTC), camera="old")
    assert follows(), "as many as before, and others"


def test_who_may_see_one_camera_leaves_a_whole_copy_for_the_others(database, fill, made_up, follows):
    fill([made_up()], camera="gate")
    fill([made_up(), made_up(60)], camera="yard")
    with only_cameras(frozenset({"gate"})), database.session() as session:
        database.places.all(session)
    assert follows()


def test_while_nothing_changes_the_copy_is_kept(database, fill, made_up):
    fill([made_up()])
    with database.session() as session:
        assert database.places.all(session) is database.places.all(session)


def test_a_copy_that_was_given_back_is_read_again(database, fill, made_up, follows):
    fill([made_up()])
    assert follows()
    database.places.forget()
    assert follows()
