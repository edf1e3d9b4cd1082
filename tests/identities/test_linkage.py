import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from surveil.errors import StoreError
from surveil.identities.linkage import MOST_SIGHTINGS, average_linkage, seen_together

NOBODY = np.zeros((0, 2), np.int64)


def directions(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def random_unit(seed, n, size=8):
    vectors = np.random.default_rng(seed).normal(size=(n, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def partition(groups):
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in np.unique(groups)}


def merge_greedily(embeddings, threshold, apart):
    """The definition, word by word: merge the two most similar groups that may be merged, until none are left."""
    similarity = embeddings.astype(float) @ embeddings.T.astype(float)
    groups = [[i] for i in range(len(embeddings))]
    forbidden = {frozenset(pair) for pair in apart.tolist()}
    while True:
        best = max(
            (
                (similarity[np.ix_(a, b)].mean(), i, j)
                for i, a in enumerate(groups)
                for j, b in enumerate(groups[:i])
                if not any(frozenset((x, y)) in forbidden for x in a for y in b)
            ),
            default=(-2.0, 0, 0),
        )
        if best[0] < threshold:
            return {frozenset(group) for group in groups}
        groups[best[2]] += groups.pop(best[1])


def test_two_people_by_hand():
    groups = average_linkage(directions(0, 90, 5, 95, 10), 0.9, NOBODY)
    assert groups.tolist() == [0, 1, 0, 1, 0]


def test_the_mean_similarity_decides_not_the_nearest():
    # 0 and 20 degrees join; 45 is near 20 (cos 25 = 0.91) but in the mean (0.81) below the threshold.
    assert average_linkage(directions(0, 20, 45), 0.85, NOBODY).tolist() == [0, 0, 1]
    assert average_linkage(directions(0, 20, 45), 0.80, NOBODY).tolist() == [0, 0, 0]


def test_a_pair_that_was_seen_together_is_never_joined_however_alike():
    twins = directions(0, 0, 1, 1)
    assert average_linkage(twins, 0.5, NOBODY).tolist() == [0, 0, 0, 0]
    groups = average_linkage(twins, 0.5, np.array([[0, 1]]))
    assert groups[0] != groups[1]
    assert len(set(groups.tolist())) == 2


@pytest.mark.parametrize("n", [2, 3, 40, 700])
def test_without_pairs_apart_it_is_scipys_average_linkage(n):
    embeddings = random_unit(n, n)
    expected = fcluster(linkage(pdist(embeddings.astype(float), "cosine"), "average"), 0.6, "distance")
    assert partition(average_linkage(embeddings, 0.4, NOBODY)) == partition(expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 14), st.floats(-0.5, 0.9), st.floats(0, 0.5))
def test_it_merges_what_the_definition_merges(seed, n, threshold, share):
    embeddings = random_unit(seed, n, size=4)
    pairs = np.argwhere(np.triu(np.random.default_rng(seed).random((n, n)) < share, 1))
    groups = average_linkage(embeddings, threshold, pairs)
    assert partition(groups) == merge_greedily(embeddings, threshold, pairs)
    assert not any(groups[a] == groups[b] for a, b in pairs)


def test_many_pairs_apart_hold_in_large_groups():
    embeddings = np.repeat(directions(0), 600, axis=0)
    groups = average_linkage(embeddings, 0.5, np.array([[0, 599]]))
    assert groups[0] != groups[599]
    assert len(set(groups.tolist())) == 2


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_person(n):
    assert average_linkage(directions(*range(n)), 0.5, NOBODY).tolist() == [0] * n


def test_too_many_are_refused_before_memory_is():
    with pytest.raises(StoreError, match=f"at most {MOST_SIGHTINGS}"):
        average_linkage(np.zeros((MOST_SIGHTINGS + 1, 2), np.float32), 0.5, NOBODY)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 6)), max_size=25))
def test_seen_together_finds_every_pair_whose_times_meet_in_one_place(spans):
    places, first, length = (np.array([span[i] for span in spans], np.int64) for i in range(3))
    last = first + length
    expected = {
        frozenset((a, b))
        for a in range(len(spans))
        for b in range(a)
        if places[a] == places[b] and first[a] <= last[b] and first[b] <= last[a]
    }
    pairs = seen_together(places, first.astype(float), last.astype(float))
    assert len(pairs) == len(expected)
    assert {frozenset(pair) for pair in pairs.tolist()} == expected
