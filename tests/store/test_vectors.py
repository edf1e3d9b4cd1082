from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text

from surveil.attributes import OUTPUT_NAMES
from surveil.store import vectors
from surveil.store.models import ModelRef, register_model
from surveil.store.register import register_camera, register_footage
from surveil.store.tables import Description, Embedding, SightingRow

COUNT = 400
START = datetime(2024, 3, 1, 12, tzinfo=UTC)
ON_ONE_DATABASE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def crowd(database, source):
    """Sightings of three cameras; one in eight has no embedding, and all have another model's embeddings as well."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(COUNT, 544)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[100:103] = matrix[99]  # the same picture more than once
    footage_id, _ = register_footage(database, source())
    with database.session() as session:
        cameras = [register_camera(session, name) for name in ("yard", "gate", "hall")]
        models = [register_model(session, ModelRef(name, name * 64)) for name in "ab"]
        sightings = [
            {"id": i + 1, "footage_id": footage_id, "camera_id": cameras[i % 3], "boxes": [], "detections": 1}
            | {"quality": 0.5, "first_seen": START + timedelta(minutes=i), "last_seen": START + timedelta(minutes=i)}
            for i in range(COUNT)
        ]
        session.execute(insert(SightingRow), sightings)
        for row in sightings:
            row |= dict(zip(OUTPUT_NAMES, random.random(32).tolist(), strict=True))
        said = [
            {"sighting_id": row["id"], "model_id": models[0]} | {name: row[name] for name in OUTPUT_NAMES}
            for row in sightings
        ]
        session.execute(insert(Description), said)
        rows = [{"sighting_id": i + 1, "model_id": models[0], "vector": matrix[i]} for i in range(COUNT) if i % 8 != 7]
        rows += [{"sighting_id": i + 1, "model_id": models[1], "vector": -matrix[i]} for i in range(COUNT)]
        session.execute(insert(Embedding), rows)
    return matrix.astype(np.float16).astype(np.float32), sightings, models[0]


def brute_force(matrix, query, ids):
    """Every similarity in float64, the most similar first."""
    similarities = matrix[[i - 1 for i in ids]].astype(np.float64) @ query.astype(np.float16).astype(np.float64)
    return sorted(zip(ids, similarities.tolist(), strict=True), key=lambda pair: (-round(pair[1], 6), pair[0]))


def check_same(found, expected):
    """Equal up to the order of those whose similarities float32 cannot tell apart."""
    assert len(found) == len(expected)
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=2e-6)
    worst = expected[-1][1] + 5e-6 if expected else 0
    assert {i for i, s in expected if s > worst} <= {i for i, _ in found}
    assert len({i for i, _ in found}) == len(found)


@ON_ONE_DATABASE
@given(
    seed=st.integers(0, 10**6),
    cameras=st.sets(st.integers(1, 3)),
    first=st.integers(0, COUNT),
    minutes=st.integers(0, COUNT),
    attribute=st.sampled_from(OUTPUT_NAMES),
    threshold=st.floats(0, 1),
    limit=st.integers(0, 2 * COUNT),
    block=st.integers(1, 100),
)
def test_the_best_of_all_that_pass_the_filters(
    database, crowd, monkeypatch, seed, cameras, first, minutes, attribute, threshold, limit, block
):
    monkeypatch.setattr(vectors, "BLOCK", block)
    matrix, sightings, model = crowd
    query = matrix[seed % COUNT] + np.random.default_rng(seed).normal(0, 0.02, 544).astype(np.float32)
    since, until = START + timedelta(minutes=first), START + timedelta(minutes=first + minutes)
    candidates = (
        select(SightingRow.id)
        .join(Description)
        .where(
            SightingRow.camera_id.in_(cameras),
            SightingRow.first_seen.between(since, until),
            getattr(Description, attribute) >= threshold,
        )
    )
    passing = [
        row["id"]
        for row in sightings
        if row["camera_id"] in cameras and since <= row["first_seen"] <= until and row[attribute] >= threshold
        if row["id"] % 8 != 0
    ]
    with database.session() as session:
        found = vectors.nearest(session, query, candidates, model, limit)
    assert {i for i, _ in found} <= set(passing)
    check_same(found, brute_force(matrix, query, passing)[:limit])


def test_pictures_that_are_the_same_come_by_number(database, crowd):
    matrix, _, model = crowd
    with database.session() as session:
        found = vectors.nearest(session, matrix[99], select(SightingRow.id), model, 4)
    assert [i for i, _ in found] == [100, 101, 102, 103]
    assert found[0][1] == pytest.approx(1, abs=2e-3)


def test_an_approximate_index_does_not_change_the_answer(database, crowd):
    """An operator may have made one; with a narrow filter the planner would rather use it, and lose matches."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no such index")
    matrix, _, model = crowd
    with database.session() as session:
        session.execute(text("CREATE INDEX ON embedding USING hnsw (vector halfvec_ip_ops)"))
        for other_plan in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            session.execute(text(f"SET {other_plan} = off"))
        session.execute(text("SET hnsw.ef_search = 1"))
        ids = [i for i in range(1, COUNT + 1) if i % 40 == 1]
        found = vectors.nearest(session, matrix[6], select(SightingRow.id).where(SightingRow.id % 40 == 1), model, 10)
    check_same(found, brute_force(matrix, matrix[6], ids)[:10])


def test_a_query_of_another_shape_is_refused(database):
    with database.session() as session:
        with pytest.raises(ValueError, match="544"):
            vectors.nearest(session, np.zeros(512, np.float32), select(SightingRow.id), 1, 5)
        with pytest.raises(ValueError, match="negative"):
            vectors.nearest(session, np.zeros(544, np.float32), select(SightingRow.id), 1, -1)


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
