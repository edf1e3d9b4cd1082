"""The index against brute force: the best of all candidates, whatever was added and removed before."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text

from surveil.attributes import OUTPUT_NAMES
from surveil.store import memory_index, vectors
from surveil.store.session import Database
from surveil.store.tables import Description, Embedding, Footage, SightingRow

COUNT = 400
START = datetime(2024, 3, 1, 12, tzinfo=UTC)
ON_ONE_DATABASE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["read", "copy"])
def way(request, database, monkeypatch):
    """The two ways of an SQLite database: reading the candidates each time, and a copy in memory, of many segments."""
    if database.dialect == "postgresql" and request.param == "copy":
        pytest.skip("Postgres compares by itself")
    monkeypatch.setattr(memory_index, "SEGMENT_SIZE", 64)
    monkeypatch.setattr(memory_index, "MIN_VECTORS", 1 if request.param == "copy" else 10**9)
    return request.param


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
    database, crowd, way, monkeypatch, seed, cameras, first, minutes, attribute, threshold, limit, block
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
    found = database.vectors.nearest(query, candidates, model, limit)
    assert {i for i, _ in found} <= set(passing)
    check_same(found, brute_force(matrix, query, passing)[:limit])


def test_pictures_that_are_the_same_come_by_number(database, crowd, way):
    matrix, _, model = crowd
    for candidates in (None, select(SightingRow.id), None):
        found = database.vectors.nearest(matrix[99], candidates, model, 4)
        assert [i for i, _ in found] == [100, 101, 102, 103]
        assert found[0][1] == pytest.approx(1, abs=2e-3)


def test_an_approximate_index_does_not_change_the_answer(database, crowd):
    """An operator may have made one; with a narrow filter the planner would rather use it, and lose matches."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no such index")
    matrix, _, model = crowd
    with database.session() as session:
        session.execute(text("CREATE INDEX ON embedding USING hnsw (vector halfvec_ip_ops)"))
        name = session.scalar(text("SELECT current_database()"))
        for other_plan in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            session.execute(text(f"ALTER DATABASE {name} SET {other_plan} = off"))
        session.execute(text(f"ALTER DATABASE {name} SET hnsw.ef_search = 1"))
    database.engine.dispose()  # the settings are for new connections
    ids = [i for i in range(1, COUNT + 1) if i % 40 == 1]
    found = database.vectors.nearest(matrix[6], select(SightingRow.id).where(SightingRow.id % 40 == 1), model, 10)
    check_same(found, brute_force(matrix, matrix[6], ids)[:10])


def test_a_query_of_another_shape_is_refused(database):
    with pytest.raises(ValueError, match="544"):
        database.vectors.nearest(np.zeros(512, np.float32), None, 1, 5)
    with pytest.raises(ValueError, match="negative"):
        database.vectors.nearest(np.zeros(544, np.float32), None, 1, -1)


def test_a_model_without_embeddings_finds_nobody(database, way):
    assert database.vectors.nearest(np.ones(544, np.float32), None, 1, 5) == []
    assert database.vectors.nearest(np.ones(544, np.float32), select(SightingRow.id), 1, 5) == []


@settings(ON_ONE_DATABASE, max_examples=8)
@given(
    changes=st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), st.integers(1, 60)), max_size=4),
    elsewhere=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_the_index_follows_what_is_added_and_removed(database, crowd, way, changes, elsewhere, seed):
    """Also what another process writes; and an answer with the same stamp is the same."""
    matrix, _, model = crowd
    random = np.random.default_rng(seed)
    other = Database.open(database.url) if elsewhere else database
    for change, number in [("replace", 0), *changes]:
        with other.session() as session:
            present = session.scalars(select(SightingRow.id)).all()
            if change != "add":
                gone = random.choice(present, min(number, len(present)), replace=False).tolist()
                session.execute(delete(SightingRow).where(SightingRow.id.in_(gone)))
            if change != "remove":
                add(session, matrix[random.integers(COUNT, size=number)], model)
        stored = rows(database, model)
        query = matrix[random.integers(COUNT)]
        for candidates, allowed in ((None, stored), (select(SightingRow.id).where(SightingRow.id % 3 == 0), None)):
            ids = sorted(i for i in stored if allowed is not None or i % 3 == 0)
            before = database.vectors.stamp(model)
            found = database.vectors.nearest(query, candidates, model, 30)
            similarities = [(i, float(stored[i].astype(np.float64) @ query)) for i in ids]
            check_same(found, sorted(similarities, key=lambda pair: (-round(pair[1], 6), pair[0]))[:30])
            assert before == database.vectors.stamp(model) == (model, max(stored, default=0), len(stored))
    if elsewhere:
        other.close()


def add(session, embeddings, model):
    """Sightings with these embeddings."""
    [footage, camera] = session.execute(select(Footage.id, Footage.camera_id)).one()
    row = {
        "footage_id": footage,
        "camera_id": camera,
        "first_seen": START,
        "last_seen": START,
        "boxes": [],
        "detections": 1,
        "quality": 0.5,
    }
    if len(embeddings):
        numbered = insert(SightingRow).returning(SightingRow.id, sort_by_parameter_order=True)
        ids = session.scalars(numbered, [row] * len(embeddings)).all()
        said = [{"sighting_id": i, "model_id": model, "vector": v} for i, v in zip(ids, embeddings, strict=True)]
        session.execute(insert(Embedding), said)


def rows(database, model):
    with database.session() as session:
        found = select(Embedding.sighting_id, Embedding.vector).where(Embedding.model_id == model)
        return {i: vector.astype(np.float32) for i, vector in session.execute(found)}


def test_searches_of_several_threads_answer_alike(database, crowd, way):
    matrix, _, model = crowd
    expected = [database.vectors.nearest(query, None, model, 5) for query in matrix[:20]]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda query: database.vectors.nearest(query, None, model, 5), matrix[:20]))
    assert [[i for i, _ in one] for one in found] == [[i for i, _ in one] for one in expected]
