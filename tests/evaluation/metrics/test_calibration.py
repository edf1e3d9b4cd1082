import numpy as np
import pytest

from surveil.evaluation.metrics.calibration import (
    PairSimilarities,
    pair_similarities,
    reliability_curve,
    same_person_reliability,
)


def test_pairs_of_other_cameras_are_counted_and_distractors_are_not():
    random = np.random.default_rng(1)
    embeddings = random.normal(size=(40, 8)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    ids, cameras = random.integers(-1, 4, 40), random.integers(1, 4, 40)
    query, gallery = slice(0, 10), slice(10, 40)
    pairs = pair_similarities(
        embeddings[query],
        ids[query],
        cameras[query],
        embeddings[gallery],
        ids[gallery],
        cameras[gallery],
        bins=20,
        block=3,
    )
    same, different = np.zeros((2, 20), int)
    for q in range(10):
        for g in range(10, 40):
            if ids[g] > 0 and cameras[q] != cameras[g]:
                place = int((embeddings[q] @ embeddings[g] + 1) * 10)
                (same if ids[q] == ids[g] else different)[place] += 1
    assert pairs.same.tolist() == same.tolist()
    assert pairs.different.tolist() == different.tolist()
    assert pairs.centres[0] == pytest.approx(-0.95)


def test_the_same_picture_twice_is_counted_despite_rounding():
    picture = np.full((1, 3), 1 / np.sqrt(3), np.float32) * np.float32(1.0000002)
    one = np.ones(1, int)
    pairs = pair_similarities(picture, one, one, picture, one, one + 1)
    assert pairs.same.sum() == 1


def test_reliability_of_answers_that_are_surer_than_right():
    confidence = np.array([0.85] * 10 + [0.35] * 10)
    right = np.array([1] * 6 + [0] * 4 + [1] * 3 + [0] * 7)
    bins = reliability_curve(confidence, right, bins=10)
    assert bins.confidence[[8, 3]] == pytest.approx([0.85, 0.35])
    assert bins.accuracy[[8, 3]] == pytest.approx([0.6, 0.3])
    assert bins.weight[[8, 3]].tolist() == [0.5, 0.5]
    assert np.isnan(bins.accuracy[0])
    assert bins.error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_certainty_falls_into_the_last_bin():
    assert reliability_curve(np.array([1.0, 0.0]), np.array([1, 0]), bins=5).weight.tolist() == [0.5, 0, 0, 0, 0.5]


def test_pairs_are_weighted_as_if_half_showed_one_person():
    edges = np.linspace(-1, 1, 5)
    pairs = PairSimilarities(edges, same=np.array([0, 0, 1, 3]), different=np.array([600, 300, 100, 0]))
    share = np.array([0, 0, 0.25 / 0.35, 1])
    assert same_person_reliability(pairs, share).error == pytest.approx(0)
    assert same_person_reliability(pairs, np.zeros(4)).error == pytest.approx(0.5)
