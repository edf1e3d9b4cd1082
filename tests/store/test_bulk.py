"""Many rows at once are the rows that one by one would have been, on either database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from surveil.attributes import OUTPUT_NAMES
from surveil.errors import StoreUnavailableError
from surveil.store.bulk import insert_numbered, insert_rows
from surveil.store.models import ModelRef, register_model
from surveil.store.register import register_footage
from surveil.store.session import Database
from surveil.store.tables import Camera, Description, Embedding, SightingRow
from surveil.types import Source

START = datetime(2026, 9, 14, 8, 0, 0, 123456, UTC)
RANDOM = np.random.default_rng(0)


@pytest.fixture
def sightings(database):
    source = Source(Path("/f/yard.mp4"), "video", "yard", "path", START, "path", "a" * 64)
    footage, _ = register_footage(database, source)
    with database.session() as session:
        camera = session.scalars(select(Camera.id)).one()
        register_model(session, ModelRef("model", "f" * 64))
    return [
        {
            "footage_id": footage,
            "camera_id": camera,
            "first_seen": START + timedelta(seconds=number),
            "last_seen": START + timedelta(seconds=number + 0.000001),
            "boxes": [[0.1, 1.5, 2.5, 3.5, 4.5, 0.9], [None, 'text with "quotes", \\ and \t']],
            "detections": number,
            "quality": number / 3,
        }
        for number in range(7)
    ]


def columns(table):
    return [column for column in table.__table__.columns if column.name != "id"]


def test_they_are_numbered_in_order_and_hold_what_single_inserts_hold(database, sightings):
    with database.session() as session:
        ids = insert_numbered(session, SightingRow, sightings)
    with database.session() as session:
        one_by_one = [session.scalar(insert(SightingRow).values(row).returning(SightingRow.id)) for row in sightings]
    assert ids == sorted(ids)
    assert one_by_one[0] > ids[-1], "the numbers go on after those that were given at once"
    with database.session() as session:
        rows = {row[0]: row[1:] for row in session.execute(select(SightingRow.id, *columns(SightingRow)))}
    assert [rows[number] for number in ids] == [rows[number] for number in one_by_one]
    assert [rows[number][3] for number in ids] == [row["first_seen"] for row in sightings]


def test_vectors_and_attributes_come_back_exactly(database, sightings):
    vectors = RANDOM.normal(size=(7, 544)).astype(np.float16)
    vectors[0, :3] = [6e-8, -65504, 0]
    outputs = RANDOM.random((7, len(OUTPUT_NAMES)))
    with database.session() as session:
        ids = insert_numbered(session, SightingRow, sightings)
        keys = [{"sighting_id": number, "model_id": 1} for number in ids]
        said = [dict(zip(OUTPUT_NAMES, row.tolist(), strict=True)) for row in outputs]
        insert_rows(session, Description, [key | row for key, row in zip(keys, said, strict=True)])
        insert_rows(session, Embedding, [key | {"vector": row} for key, row in zip(keys, vectors, strict=True)])
    with database.session() as session:
        stored = session.scalars(select(Embedding.vector).order_by(Embedding.sighting_id)).all()
        np.testing.assert_array_equal(np.stack(stored), vectors)
        back = session.execute(select(*(getattr(Description, name) for name in OUTPUT_NAMES)))
        np.testing.assert_array_equal(np.array(back.all()), outputs)


@pytest.mark.parametrize("wrong", [np.full(544, np.nan, np.float16), np.zeros(543, np.float16)])
def test_one_bad_vector_stores_nothing(database, sightings, wrong):
    good = np.zeros(544, np.float16)

    def store():
        with database.session() as session:
            ids = insert_numbered(session, SightingRow, sightings[:2])
            rows = [{"sighting_id": i, "model_id": 1, "vector": v} for i, v in zip(ids, (good, wrong), strict=True)]
            insert_rows(session, Embedding, rows)

    with pytest.raises(Exception, match="544 finite values"):
        store()
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 0


def test_no_rows_are_no_statement_and_a_loose_reference_is_refused(database, sightings):
    with database.session() as session:
        insert_rows(session, Embedding, [])
        assert insert_numbered(session, SightingRow, []) == []
    loose = {"sighting_id": 99, "model_id": 1, "vector": np.zeros(544, np.float16)}
    with pytest.raises(IntegrityError), database.session() as session:
        insert_rows(session, Embedding, [loose])


def test_a_server_that_ends_the_connection_is_out_of_reach_not_a_fault_of_the_program(postgres_url, postgres_server):
    import psycopg

    with Database.open(postgres_url) as database:
        source = Source(Path("/f/yard.mp4"), "video", "yard", "path", START, "path", "a" * 64)
        register_footage(database, source)
        row = {"name": "gate", "zone": "UTC", "clock_offset": 0.0}

        def store():
            with database.session() as session:
                backend = session.scalar(select(func.pg_backend_pid()))
                with psycopg.connect(postgres_server, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [backend])
                insert_rows(session, Camera, [row])

        with pytest.raises(StoreUnavailableError):
            store()
        with database.session() as session:
            insert_rows(session, Camera, [row])
