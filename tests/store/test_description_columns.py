"""The columns in memory are those of the database, whatever is added and deleted."""

import numpy as np
import pytest
from sqlalchemy import delete, select

from surveil.attributes import OUTPUT_NAMES
from surveil.store import description_columns
from surveil.store.models import model_in_use
from surveil.store.tables import Description, SightingRow

NAMES = [OUTPUT_NAMES[4], OUTPUT_NAMES[9]]


@pytest.fixture(autouse=True)
def from_the_first_row(monkeypatch):
    monkeypatch.setattr(description_columns, "MIN_ROWS", 1)


@pytest.fixture
def follows(database):
    """Whether the copy says what the database does."""

    def check():
        with database.session() as session:
            model = model_in_use(session).id
            asked = select(Description.sighting_id, *(getattr(Description, name) for name in NAMES))
            rows = session.execute(asked.where(Description.model_id == model).order_by(Description.sighting_id)).all()
        database.descriptions.columns(NAMES, model)
        held = database.descriptions.columns(NAMES, model)
        if database.dialect == "postgresql":
            return held is None
        ids, columns = held
        return ids.tolist() == [row[0] for row in rows] and np.array_equal(
            np.array(columns).T.reshape(-1, 2), np.array([row[1:] for row in rows], np.float32).reshape(-1, 2)
        )

    return check


def test_the_copy_follows_what_is_added_and_deleted(database, fill, made_up, follows):
    random = np.random.default_rng(0)

    def some(count):
        return [made_up(i, outputs=dict(zip(NAMES, random.random(2), strict=True))) for i in range(count)]

    first = fill(some(3))
    assert follows()
    fill(some(2))
    assert follows()
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == first[1]))
    assert follows()
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == first[0]))
    fill(some(1))
    assert follows(), "as many as before, and others"


def test_a_column_is_left_to_the_database_when_it_is_wanted_for_the_first_time(database, fill, made_up):
    fill([made_up()])
    held = [database.descriptions.columns(names, 1) for names in (NAMES[:1], NAMES[:1], NAMES, NAMES)]
    expected = [None] * 4 if database.dialect == "postgresql" else [None, 1, None, 2]
    assert [one and len(one[1]) for one in held] == expected
