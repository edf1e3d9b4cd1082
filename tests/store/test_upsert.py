"""Inserting what may be there already, on either database."""

import pytest
from sqlalchemy import select

from surveil.store.tables import Camera, Description, ScannedFile, SightingRow
from surveil.store.upsert import insert_if_new, insert_missing, insert_or_update


def cameras(database):
    with database.session() as session:
        return {camera.name: camera.zone for camera in session.scalars(select(Camera))}


def test_a_row_that_is_there_stays_as_it_is(database):
    for zone in ("Europe/Rome", "UTC"):
        with database.session() as session:
            insert_if_new(session, Camera, {"name": "gate", "zone": zone, "clock_offset": 0.0}, unique=Camera.name)
    assert cameras(database) == {"gate": "Europe/Rome"}


def test_a_row_that_is_there_gets_the_new_values_and_keeps_its_number(database):
    numbers = []
    for size in (10, 20):
        values = {"path": "/a.mp4", "size": size, "mtime_ns": 1, "content_hash": "a" * 64}
        with database.session() as session:
            insert_or_update(session, ScannedFile, values, unique=ScannedFile.path)
        with database.session() as session:
            [row] = session.scalars(select(ScannedFile))
            assert row.size == size
            numbers.append(row.id)
    assert len(set(numbers)) == 1


def test_values_that_are_not_named_stay(database):
    with database.session() as session:
        session.add(Camera(name="gate", zone="Europe/Rome", clock_offset=3.0))
    with database.session() as session:
        insert_or_update(session, Camera, {"name": "gate", "zone": "UTC"}, unique=Camera.name)
    with database.session() as session:
        [camera] = session.scalars(select(Camera))
        assert (camera.zone, camera.clock_offset) == ("UTC", 3.0)


def test_of_many_rows_only_those_are_inserted_that_are_missing(database, fill, made_up):
    [one, two] = fill([made_up(0), made_up(9)])
    with database.session() as session:
        outputs = {column.name: 0.75 for column in Description.__table__.columns if column.name[-3:] != "_id"}
        known = session.scalars(select(Description).where(Description.sighting_id == one)).one()
        hat, model = known.hat, known.model_id
        session.delete(session.get_one(Description, (two, model)))
    rows = [{"sighting_id": sighting, "model_id": model} | outputs for sighting in (one, two)]
    with database.session() as session:
        insert_missing(session, Description, rows)
        insert_missing(session, Description, [])
    with database.session() as session:
        assert session.get_one(Description, (one, model)).hat == pytest.approx(hat)
        assert session.get_one(Description, (two, model)).hat == 0.75


def test_a_row_that_breaks_another_rule_is_an_error_and_not_passed_over(database):
    with database.session() as session, pytest.raises(Exception, match=r"(?i)not.null|foreign"):
        insert_if_new(session, SightingRow, {"id": 1, "footage_id": 1}, unique=SightingRow.id)
