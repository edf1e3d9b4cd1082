import itertools

import numpy as np
import pytest

from surveil.evaluation.metrics.clustering import clustering_quality


def quality(groups, ids, cameras=None):
    cameras = [1] * len(ids) if cameras is None else cameras
    return clustering_quality(np.array(groups), np.array(ids), np.array(cameras))


def test_by_hand():
    """Three people; person 1 is split, and one image of person 2 lies with person 3."""
    found = quality([0, 0, 1, 2, 3, 3], [1, 1, 1, 2, 2, 3], [1, 2, 1, 1, 2, 1])
    assert (found.clusters, found.people, found.images) == (4, 3, 6)
    assert found.pairwise_precision == 1 / 2
    assert found.pairwise_recall == 1 / 4
    assert found.pairwise_f == pytest.approx(1 / 3)
    assert found.b_cubed_precision == pytest.approx((1 + 1 + 1 + 1 + 1 / 2 + 1 / 2) / 6)
    assert found.b_cubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)
    assert found.clusters_per_person == pytest.approx((2 + 2 + 1) / 3)
    assert found.purity == pytest.approx(5 / 6)
    assert found.purity_by_camera == {1: 0.75, 2: 1.0}


def test_the_perfect_grouping_and_the_extremes():
    ids = [1, 1, 2, 2, 2, 3]
    perfect = quality([5, 5, 9, 9, 9, 0], ids)
    assert perfect.pairwise_f == perfect.b_cubed_f == perfect.purity == 1
    assert perfect.adjusted_mutual_information == pytest.approx(1)
    alone = quality(range(6), ids)
    assert (alone.pairwise_precision, alone.pairwise_recall, alone.b_cubed_precision) == (1, 0, 1)
    assert alone.adjusted_mutual_information == pytest.approx(0, abs=1e-9)
    lumped = quality([0] * 6, ids)
    assert (lumped.pairwise_recall, lumped.b_cubed_recall, lumped.purity) == (1, 1, 0.5)
    assert lumped.adjusted_mutual_information == pytest.approx(0, abs=1e-9)


def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    return -(counts / counts.sum() * np.log(counts / counts.sum())).sum()


def mutual(groups, ids):
    pairs = [f"{g} {i}" for g, i in zip(groups, ids, strict=True)]
    return entropy(groups) + entropy(ids) - entropy(pairs)


def test_mutual_information_is_adjusted_by_the_mean_over_all_orders():
    groups, ids = [0, 0, 0, 1, 1, 2], [1, 1, 2, 2, 3, 3]
    expected = np.mean([mutual(groups, order) for order in itertools.permutations(ids)])
    value = (mutual(groups, ids) - expected) / ((entropy(groups) + entropy(ids)) / 2 - expected)
    assert quality(groups, ids).adjusted_mutual_information == pytest.approx(value)
