import numpy as np
import pytest
from sqlalchemy import select

from surveil.identities.cluster import cluster
from surveil.identities.decisions import Decisions
from surveil.store.tables import SightingRow


@pytest.fixture
def decide(database):
    """Make one decision as an operator, in a transaction of its own: `decide("merge", 1, [2])`."""

    def make(kind, *arguments, actor="maria", seen=None):
        with database.session() as session:
            return getattr(Decisions(session, actor, seen=seen), kind)(*arguments)

    return make


@pytest.fixture
def identity_of(database):
    """The identity of each sighting now."""

    def read():
        with database.session() as session:
            return dict(session.execute(select(SightingRow.id, SightingRow.identity_id)).all())

    return read


@pytest.fixture
def station(fill, made_up, database):
    """Three people in three views each, nobody beside anybody; gives each one's sightings, already clustered."""
    seen = {
        person: fill([made_up(10 * view, embedding=one) for view in range(3)], camera=person)
        for person, one in zip(("anna", "ben", "carl"), np.eye(3, 544, dtype=np.float32), strict=True)
    }
    cluster(database, 0.5)
    return seen


@pytest.fixture
def one_direction():
    """An embedding."""
    return np.eye(1, 544, dtype=np.float32)[0]
