"""Groups and the two average precisions of retrieval by groups, by hand and against other libraries."""

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2
from sklearn.cluster import AgglomerativeClustering

from surveil.evaluation.metrics.cluster_retrieval import AVERAGE, K_MEANS, WARD, group, mean_average_precisions


def at(*degrees):
    """(N, 2) unit vectors."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_what_lies_in_another_group_was_missed():
    """The nearest group holds a right image, then a wrong one; the other right image opens the next group."""
    gallery, ids, groups = at(0, 10, 60, 80), np.array([1, 2, 1, 2]), np.array([7, 7, 3, 3])
    alone, ranked = mean_average_precisions(at(0), np.array([1]), gallery, ids, groups)
    assert alone == pytest.approx(1 / 2)
    assert ranked == pytest.approx((1 + 2 / 3) / 2)


def test_a_query_nearest_to_the_wrong_group_scores_nothing_alone():
    alone, ranked = mean_average_precisions(
        at(0), np.array([1]), at(5, 90, 100), np.array([2, 1, 1]), np.array([0, 1, 1])
    )
    assert (alone, ranked) == (0, pytest.approx((1 / 2 + 2 / 3) / 2))


def literal(query, person, gallery, ids, groups):
    """One query's two average precisions with the whole gallery put in order, image by image."""
    centroids = {g: gallery[groups == g].sum(axis=0) for g in np.unique(groups)}
    near = {g: centroid @ query / np.linalg.norm(centroid) for g, centroid in centroids.items()}
    order = sorted(range(len(ids)), key=lambda image: (-near[groups[image]], -(gallery[image] @ query)))
    nearest = max(near, key=lambda g: near[g])
    hits, precisions, own = 0, [], []
    for rank, image in enumerate(order, start=1):
        if ids[image] == person:
            hits += 1
            precisions.append(hits / rank)
            own.append(groups[image] == nearest)
    return np.dot(precisions, own) / hits, np.mean(precisions)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_whole_gallery_in_order(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(140, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries, gallery, query_ids, ids = vectors[:20], vectors[20:], np.arange(20) % 8, np.arange(120) % 8
    groups = 3 * rng.integers(0, 12, 120)
    expected = [literal(q, person, gallery, ids, groups) for q, person in zip(queries, query_ids, strict=True)]
    found = mean_average_precisions(queries, query_ids, gallery, ids, groups)
    assert found == pytest.approx(np.mean(expected, axis=0))


def test_a_gallery_of_one_image_is_one_group():
    assert {name: groups.tolist() for name, groups in group(at(30), 1).items()} == {
        K_MEANS: [0],
        WARD: [0],
        AVERAGE: [0],
    }


def partition(groups):
    """Which pairs are together, whatever the groups are called."""
    return groups[:, None] == groups[None]


@pytest.fixture(scope="module")
def people():
    """Noisy unit vectors of 12 people, whom no method groups perfectly."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(12), 15)
    vectors = rng.normal(size=(12, 16))[ids] + 1.1 * rng.normal(size=(180, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), ids


def test_people_who_lie_apart_are_groups():
    ids = np.repeat([0, 1, 2], 8)
    for groups in group(at(*(120 * ids + np.tile(np.arange(8), 3))), 3).values():
        np.testing.assert_array_equal(partition(groups), partition(ids))


@pytest.mark.parametrize(("name", "linkage"), [(WARD, "ward"), (AVERAGE, "average")])
def test_linkages_are_those_of_scikit_learn(people, name, linkage):
    vectors, ids = people
    expected = AgglomerativeClustering(12, linkage=linkage).fit_predict(vectors)
    groups = group(vectors, 12)[name]
    np.testing.assert_array_equal(partition(groups), partition(expected))
    assert not np.array_equal(partition(groups), partition(ids)), "the case must not be too easy"


def test_k_means_comes_to_rest_where_lloyds_algorithm_does(people):
    """Another library's iterations, begun with the centres that were found, change nothing."""
    vectors, _ = people
    groups = group(vectors, 12)[K_MEANS]
    centres = np.stack([vectors[groups == number].mean(axis=0) for number in range(12)])
    _, again = kmeans2(vectors, centres, iter=30, minit="matrix")
    np.testing.assert_array_equal(groups, again)


def test_k_means_is_told_by_its_seed(people):
    vectors, _ = people
    first, same, other = (group(vectors, 12, seed)[K_MEANS] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(partition(first), partition(other))
