import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from surveil.identities.linkage import average_linkage, number_groups
from tests.identities.made_up import directions, partition, random_unit


def ones(n):
    return np.ones(n, np.int64)


def merge_greedily(embeddings, sizes, threshold, conflicts):
    """The definition, word by word: merge the two most similar groups that may be merged, until none are left."""
    groups = [[i] for i in range(len(embeddings))]

    def mean(a, b):
        total = sum(embeddings[i].astype(float) for i in a) @ sum(embeddings[i].astype(float) for i in b)
        return total / (sizes[a].sum() * sizes[b].sum())

    while True:
        best = max(
            (
                (mean(a, b), i, j)
                for i, a in enumerate(groups)
                for j, b in enumerate(groups[:i])
                if not conflicts[np.ix_(a, b)].any()
            ),
            default=(-2.0, 0, 0),
        )
        if best[0] < threshold:
            return {frozenset(group) for group in groups}
        groups[best[2]] += groups.pop(best[1])


def test_two_people_by_hand():
    assert average_linkage(directions(0, 90, 5, 95, 10), ones(5), 0.9).tolist() == [0, 1, 0, 1, 0]


def test_the_mean_similarity_decides_not_the_nearest():
    # 0 and 20 degrees join; 45 is near 20 (cos 25 = 0.91) but in the mean (0.81) below the threshold.
    assert average_linkage(directions(0, 20, 45), ones(3), 0.85).tolist() == [0, 0, 1]
    assert average_linkage(directions(0, 20, 45), ones(3), 0.80).tolist() == [0, 0, 0]


def test_groups_in_conflict_are_never_one_however_alike():
    conflicts = np.zeros((4, 4), bool)
    conflicts[0, 1] = conflicts[1, 0] = True
    groups = average_linkage(directions(0, 0, 1, 1), ones(4), 0.5, conflicts)
    assert groups[0] != groups[1]
    assert len(set(groups.tolist())) == 2


@pytest.mark.parametrize("n", [2, 3, 40, 700])
def test_of_single_vectors_it_is_scipys_average_linkage(n):
    embeddings = random_unit(n, n)
    expected = fcluster(linkage(pdist(embeddings.astype(float), "cosine"), "average"), 0.6, "distance")
    assert partition(average_linkage(embeddings, ones(n), 0.4)) == partition(expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 14), st.floats(-0.5, 0.9), st.floats(0, 0.5))
def test_it_merges_what_the_definition_merges(seed, n, threshold, share):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, n)
    sums = random_unit(seed, n, size=4) * sizes[:, None].astype(np.float32)
    conflicts = np.triu(rng.random((n, n)) < share, 1)
    conflicts |= conflicts.T
    groups = average_linkage(sums, sizes, threshold, conflicts)
    assert partition(groups) == merge_greedily(sums, sizes, threshold, conflicts)


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_person(n):
    assert average_linkage(random_unit(0, n), ones(n), 0.5).tolist() == [0] * n


def test_groups_are_numbered_by_their_first_member():
    assert number_groups(np.array([7, 3, 7, 9, 3])).tolist() == [0, 1, 0, 2, 1]
