import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from surveil.store import vectors
from surveil.store.tables import Embedding

COUNT = 400
ON_ONE_DATABASE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ON_ONE_DATABASE
@given(ids=st.lists(st.integers(1, COUNT + 50), max_size=120), part=st.integers(1, 50))
def test_loading_gives_each_embedding_its_id(database, crowd, monkeypatch, ids, part):
    monkeypatch.setattr(vectors, "IDS_PER_QUERY", part)
    matrix, _, model = crowd
    with database.session() as session:
        found, loaded = vectors.load(session, ids, model)
    assert found.tolist() == sorted(i for i in set(ids) if i <= COUNT and i % 8 != 0)
    assert loaded.dtype == np.float32
    assert loaded.shape == (len(found), 544)
    np.testing.assert_array_equal(loaded, matrix[found - 1])


def test_loading_all_and_from_an_empty_database(database, crowd):
    matrix, _, model = crowd
    with database.session() as session:
        found, loaded = vectors.load(session, None, model)
        assert len(found) == session.scalar(select(func.count()).where(Embedding.model_id == model))
        np.testing.assert_array_equal(loaded, matrix[found - 1])
        found, loaded = vectors.load(session, None, 99)
        assert (found.shape, loaded.shape) == ((0,), (0, 544))
