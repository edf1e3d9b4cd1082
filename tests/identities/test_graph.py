import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveil.identities import graph, outlines
from surveil.identities.graph import Nearest, find_hits, similarity_graph
from tests.identities.made_up import people, random_unit


def edges_by_definition(vectors, floor, neighbours):
    similarity = vectors.astype(float) @ vectors.T.astype(float)
    np.fill_diagonal(similarity, -2)
    kept = set()
    for i, row in enumerate(similarity):
        for j in np.argsort(-row)[:neighbours]:
            if row[j] >= floor:
                kept.add((min(i, int(j)), max(i, int(j))))
    return kept


@pytest.mark.parametrize("block", [7, 50, 4096])
def test_it_joins_what_is_among_the_nearest_of_either_end(monkeypatch, block):
    monkeypatch.setattr(graph, "BLOCK", block)
    vectors, _ = people(1, 20, 10)
    found = similarity_graph(vectors, 0.3, neighbours=5)
    assert {tuple(pair) for pair in found.pairs.tolist()} == edges_by_definition(vectors, 0.3, 5)
    a, b = found.pairs.T
    assert np.allclose(found.similarity, (vectors[a] * vectors[b]).sum(axis=1), atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_graphs_of_hardly_any(count):
    found = similarity_graph(np.ones((count, 1), np.float32), 0.5)
    assert found.pairs.tolist() == ([[0, 1]] if count == 2 else [])


def test_equals_in_great_number_leave_their_nearest_only(monkeypatch):
    """Two thousand pictures of a wall: two million pairs reach the floor."""
    monkeypatch.setattr(graph, "BLOCK", 500)
    found = similarity_graph(np.ones((2000, 4), np.float16) / 2, 0.5, neighbours=5)
    assert 2000 * 5 / 2 <= len(found.pairs) <= 2000 * 5
    assert len(np.unique(found.pairs)) == 2000


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(1, 20), st.integers(1, 4))
def test_hits_are_the_best_of_rows_and_of_columns(seed, rows, columns, limit):
    left, right = random_unit(seed, rows, 3), random_unit(seed + 1, columns, 3)
    i, j, similarity = find_hits(left, right, -0.2, limit)
    whole = left @ right.T
    found = set(zip(i.tolist(), j.tolist(), strict=True))
    assert np.array_equal(similarity, whole[i, j])
    assert (similarity >= -0.2).all()
    for axis, size in enumerate(whole.shape):
        best = np.argsort(-whole, axis=axis).take(range(min(limit, size)), axis=axis)
        for line in range(whole.shape[1 - axis]):
            for at in best.take(line, axis=1 - axis).tolist():
                cell = (at, line) if axis == 0 else (line, at)
                assert cell in found or whole[cell] < -0.2


def test_nearest_forgets_as_it_goes(monkeypatch):
    monkeypatch.setattr(graph, "BLOCK", 1)
    nearest = Nearest(3, 2)
    for second, similarity in enumerate([0.1, 0.9, 0.5, 0.7, 0.2] * 5):
        nearest.add(np.array([0]), np.array([second]), np.array([similarity], np.float32))
    first, second, similarity = nearest.pairs()
    assert first.tolist() == [0, 0]
    assert second.tolist() == [1, 6]
    assert similarity.tolist() == pytest.approx([0.9, 0.9])


@pytest.fixture
def coarse(monkeypatch):
    """Outlines of five numbers, blocks of a hundred."""
    monkeypatch.setattr(outlines, "BLOCK", 100)
    monkeypatch.setattr(outlines, "SIZE", 5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10**6),
    st.sampled_from([np.float16, np.float32]),
    st.floats(0.1, 3.0),
    st.floats(-0.2, 0.9),
    st.sampled_from([0.5, 4.5]),
)
def test_outlines_miss_no_neighbour(coarse, monkeypatch, seed, kind, spread, floor, width):
    """However much the outlines leave out: five numbers of 32, and numbers that are cut off."""
    monkeypatch.setattr(outlines, "_WIDTH", width)
    vectors = people(seed, 30, 9, spread=spread)[0].astype(kind)
    exact = similarity_graph(vectors, floor, neighbours=4)
    found = similarity_graph(vectors, floor, neighbours=4, full_limit=0)
    wanted, got = ({tuple(pair) for pair in graph.pairs.tolist()} for graph in (exact, found))
    assert got == wanted or _differ_by_rounding(vectors, wanted, got)
    a, b = found.pairs.T
    assert np.allclose(found.similarity, (vectors[a].astype(float) * vectors[b]).sum(axis=1), atol=1e-3)


def _differ_by_rounding(vectors, wanted, got):
    """Whether each edge that only one of two graphs has is as similar as one that only the other has."""
    similarity = vectors.astype(float) @ vectors.T.astype(float)
    lost, won = (sorted(similarity[pair] for pair in some) for some in (wanted - got, got - wanted))
    return len(lost) == len(won) and np.allclose(lost, won, atol=1e-6)


def nearest_of_each(vectors, pairs, count):
    """(n, count) similarity of each one's nearest among those it is paired with, the nearest first; -2 is nobody."""
    similarity = np.full((len(vectors), len(vectors)), -2.0)
    a, b = pairs.T
    similarity[a, b] = similarity[b, a] = (vectors[a].astype(float) * vectors[b]).sum(axis=1)
    return -np.sort(-similarity)[:, :count]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(2, 90), st.floats(0.1, 3.0))
def test_outlines_miss_no_neighbour_in_crowds_of_equals(coarse, seed, equals, spread):
    """Which of many equals are taken is open, but not how near they are."""
    vectors = people(seed, 10, 9, spread=spread)[0]
    vectors = np.concatenate([vectors, np.repeat(vectors[:4], equals, axis=0)])
    pairs = similarity_graph(vectors, 0.2, neighbours=4, full_limit=0).pairs
    everyone = np.column_stack(np.triu_indices(len(vectors), 1))
    wanted, found = (nearest_of_each(vectors, some, 4) for some in (everyone, pairs))
    wanted[wanted < 0.2] = -2
    assert np.allclose(wanted, found, atol=1e-6)
    assert len(np.unique(pairs, axis=0)) == len(pairs) <= 4 * len(vectors)


@pytest.mark.parametrize("crowd", [False, True])
def test_the_graph_does_not_depend_on_the_number_of_threads(coarse, monkeypatch, crowd):
    monkeypatch.setattr(graph, "BLOCK", 20)  # forgets often
    vectors = people(1, 300, 5, spread=2.0)[0]
    if crowd:
        vectors[::3] = vectors[0]
    before, graphs = torch.get_num_threads(), []
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            graphs.append(similarity_graph(vectors, 0.2, neighbours=4, full_limit=0))
    finally:
        torch.set_num_threads(before)
    for other in graphs[1:]:
        assert np.array_equal(other.pairs, graphs[0].pairs)
        assert np.array_equal(other.similarity, graphs[0].similarity)


def test_the_graph_tells_how_far_it_is():
    told = []
    similarity_graph(people(1, 50, 10)[0], 0.5, full_limit=0, tell=told.append)
    assert told == sorted(told)
    assert 0 <= min(told) <= max(told) <= 1


def test_outlines_compare_few_in_full(coarse, monkeypatch):
    monkeypatch.setattr(outlines, "SIZE", 25)
    vectors, _ = people(3, 60, 20, spread=0.3)
    compared = []
    whole = outlines._similarity
    monkeypatch.setattr(outlines, "_similarity", lambda a, b, i, j: compared.append(len(i)) or whole(a, b, i, j))
    similarity_graph(vectors, 0.8, neighbours=10, full_limit=0)
    assert 0 < sum(compared) < len(vectors) ** 2 / 2 / 8


def test_outlines_are_multiplied_exactly_with_and_without_integer_instructions(monkeypatch):
    random = np.random.default_rng(0)
    shape = (outlines.BLOCK, outlines.SIZE)
    left, right = (random.integers(-127, 128, shape, dtype=np.int8) for _ in range(2))
    wanted = (left.astype(float) @ right.T.astype(float)).astype(int)
    assert np.array_equal(outlines._multiply_integers()(left, right), wanted)
    monkeypatch.setattr("torch.cpu.get_capabilities", dict)
    assert np.array_equal(outlines._multiply_integers()(left, right), wanted)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_outlines_of_hardly_any(count):
    found = similarity_graph(np.ones((count, 1), np.float32), 0.5, full_limit=-1)
    assert found.pairs.tolist() == ([[0, 1]] if count == 2 else [])


def test_outlines_of_equals_in_great_number(coarse):
    found = similarity_graph(np.ones((2000, 4), np.float16) / 2, 0.5, neighbours=5, full_limit=0)
    assert 2000 * 5 / 2 <= len(found.pairs) <= 2000 * 5
    assert len(np.unique(found.pairs)) == 2000
