"""A database of the first release, with everything it could hold, goes to the next schema and back."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from surveil.attributes import OUTPUT_NAMES
from surveil.footage.warnings import warnings_in_words
from surveil.store import schema
from surveil.store.columns import HalfVector, UTCDateTime
from surveil.store.models import model_in_use
from surveil.store.session import Database, connect, upgrade
from surveil.store.tables import CropRow, Decision, Description, Embedding, Footage, Identity, Membership, SightingRow
from surveil.types import FootageWarning

START = datetime(2026, 9, 14, 8, tzinfo=UTC)
WARNINGS = ["no frames between 2.90 s and 10.00 s", "cut off: the file ends in the middle of a frame"]
VECTOR = np.eye(1, 544, dtype=np.float16)[0]
PROBABILITIES = np.random.default_rng(3).random((3, 32)).round(6)


def table(name, **types):
    return sa.table(name, *(sa.column(column, kind) for column, kind in types.items()))


def first_release_rows():
    """Every table of revision 0001 with rows in it, in an order that foreign keys allow."""
    footage = {
        "camera_id": 1,
        "camera_from": "path",
        "kind": "video",
        "started_at": START,
        "started_from": "path",
        "duration": 9.5,
        "frames": {"decoded": 7},
        "progress": 1.0,
        "work_seconds": 2.5,
        "attempts": 1,
    }
    sighting = {"footage_id": 1, "camera_id": 1, "detections": 2, "quality": 0.5, "boxes": [[0.0, 1, 2, 3, 4, 0.9]]}
    yield table("camera"), [{"id": 1, "name": "yard", "zone": "UTC", "clock_offset": -1.5}]
    yield table("identity"), [{"id": 4, "name": "the courier"}]
    yield (
        table("model", card=sa.JSON),
        [
            {"id": 1, "name": "not in use", "sha256": "a" * 64, "card": {}, "in_use": False},
            {"id": 2, "name": "in use", "sha256": "b" * 64, "card": {"cluster_threshold": 0.6}, "in_use": True},
        ],
    )
    yield (
        table("clustering", made_at=UTCDateTime, parameters=sa.JSON, metrics=sa.JSON),
        [{"id": 1, "made_at": START, "parameters": {"threshold": 0.6}, "metrics": {}}],
    )
    yield (
        table("decision", made_at=UTCDateTime, content=sa.JSON),
        [{"id": i, "made_at": START, "kind": "name", "content": {"identity": 4, "name": "x" * i}} for i in (1, 5)],
    )
    yield (
        table("footage", started_at=UTCDateTime, frames=sa.JSON, warnings=sa.JSON),
        [
            footage | {"id": 1, "path": "/f/a.mp4", "content_hash": "1" * 64, "state": "done", "warnings": WARNINGS},
            footage | {"id": 2, "path": "/f/b.mp4", "content_hash": "2" * 64, "state": "failed", "warnings": []},
        ],
    )
    yield (
        table("sighting", first_seen=UTCDateTime, last_seen=UTCDateTime, boxes=sa.JSON),
        [
            sighting
            | {"id": i + 1, "identity_id": 4, "first_seen": START, "last_seen": START + timedelta(seconds=i)}
            | dict(zip(OUTPUT_NAMES, probabilities.tolist(), strict=True))
            for i, probabilities in enumerate(PROBABILITIES)
        ],
    )
    yield (
        table("crop", taken_at=UTCDateTime, box=sa.JSON),
        [
            {"id": i, "sighting_id": i, "rank": 0, "taken_at": START, "box": [1, 2, 3, 4], "quality": 0.5}
            | {"media_key": f"{i:064x}.jpg"}
            for i in (1, 2, 3)
        ],
    )
    yield (
        table("embedding", vector=HalfVector),
        [{"sighting_id": i, "model_id": 2, "vector": VECTOR} for i in (1, 2, 3)],
    )
    yield table("membership"), [{"clustering_id": 1, "sighting_id": i, "identity_id": 4} for i in (1, 2, 3)]


@pytest.fixture
def first_release(new_database_url):
    """The URL of a database at revision 0001, in which the sighting with the highest number was deleted again."""
    engine = connect(new_database_url)
    schema.migrate(engine, "0001", "here")
    with engine.begin() as connection:
        for described, rows in first_release_rows():
            known = {column.name for column in described.columns}
            for name in sorted(set().union(*rows) - known):
                described.append_column(sa.column(name))
            connection.execute(sa.insert(described), rows)
        for name in ("crop", "embedding", "membership"):
            connection.execute(sa.text(f"DELETE FROM {name} WHERE sighting_id = 3"))
        for gone in ("sighting WHERE id = 3", "decision WHERE id = 5"):
            connection.execute(sa.text(f"DELETE FROM {gone}"))
    engine.dispose()
    return new_database_url


def dump(url):
    """Every row of every table, as the driver gives it."""
    engine = connect(url)
    with engine.connect() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        rows = {
            name: sorted((dict(row._mapping) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))), key=repr)
            for name in names
            if name not in ("alembic_version", "sqlite_sequence")
        }
    engine.dispose()
    return rows


def test_everything_is_carried_over(first_release):
    assert upgrade(first_release) == ("0001", schema.newest_revision())
    with Database.open(first_release, create=False) as database, database.session() as session:
        card = model_in_use(session)
        assert (card.id, card.name, card.cluster_threshold) == (2, "in use", 0.6)
        said = session.scalars(sa.select(Description).order_by(Description.sighting_id)).all()
        assert [(row.sighting_id, row.model_id) for row in said] == [(1, 2), (2, 2)]
        for row, expected in zip(said, PROBABILITIES, strict=False):
            assert [getattr(row, name) for name in OUTPUT_NAMES] == pytest.approx(expected.tolist())
        done, failed = session.scalars(sa.select(Footage).order_by(Footage.id))
        assert warnings_in_words([FootageWarning(**record) for record in done.warnings]) == ["; ".join(WARNINGS)]
        assert failed.warnings == []
        assert (done.size, done.mtime_ns, done.watermark) == (None, None, None)
        [decision] = session.scalars(sa.select(Decision))
        assert (decision.actor, decision.undoes, decision.made_at) == ("unknown", None, START)
        for kept in (SightingRow, Embedding, CropRow, Membership):
            assert session.scalar(sa.select(sa.func.count()).select_from(kept)) == 2
        assert session.get_one(SightingRow, 2).identity_id == 4


def test_numbers_of_rows_that_are_gone_are_not_given_again(first_release):
    """On Postgres the first release gave its numbers from sequences, which this test's explicit numbers pass over."""
    upgrade(first_release)
    with Database.open(first_release) as database, database.session() as session:
        if database.dialect == "sqlite":
            numbers = dict(session.execute(sa.text("SELECT name, seq FROM sqlite_sequence")).all())
            assert (numbers["sighting"], numbers["decision"], numbers["identity"]) == (3, 5, 4)
            session.add(Identity(name="new"))
            session.add(Decision(made_at=START, actor="anna", kind="undo", content={}, undoes=1))
            session.flush()
            assert session.scalar(sa.select(sa.func.max(Decision.id))) == 6


def test_back_and_forth_gives_the_same_rows(first_release):
    before = dump(first_release)
    upgrade(first_release)
    newer = dump(first_release)
    engine = connect(first_release)
    schema.migrate(engine, "0001", "here")
    assert dump(first_release) == before
    schema.migrate(engine, "head", "here")
    assert dump(first_release) == newer
    engine.dispose()


def test_what_only_the_newer_schema_holds_is_put_into_words_or_left_out(first_release):
    upgrade(first_release)
    gap = {"kind": "gap", "start": 2.0, "end": 4.5, "detail": {"frames": 3}}
    with Database.open(first_release) as database, database.session() as session:
        session.execute(sa.update(Footage).where(Footage.id == 2).values(warnings=[gap], watermark=3.0, size=2**40))
        other = dict.fromkeys(OUTPUT_NAMES, 0.25)
        session.execute(sa.insert(Description).values(sighting_id=1, model_id=1, **other))
        session.add(Decision(made_at=START, actor="anna", kind="undo", content={}, undoes=1, id=9))
    engine = connect(first_release)
    schema.migrate(engine, "0001", "here")
    rows = dump(first_release)
    engine.dispose()
    assert "gap: 2.00 s to 4.50 s: {" in str(rows["footage"][1]["warnings"])
    assert [row["hat"] for row in rows["sighting"]] == pytest.approx(
        PROBABILITIES[:2, OUTPUT_NAMES.index("hat")].tolist()
    )
    assert [row["id"] for row in rows["decision"]] == [1, 9]
