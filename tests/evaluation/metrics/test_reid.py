"""The evaluator against a slow reference that follows the protocol's text image by image."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from surveil.errors import DatasetError
from surveil.evaluation.metrics.reid import best_matches, evaluate_ranking


def reference(q, q_ids, q_cams, g, g_ids, g_cams):
    """(ap, inp, first match) per query, NaN and -1 where nothing is to be found."""
    rows = []
    for embedding, identity, camera in zip(q, q_ids, q_cams, strict=True):
        scored = []
        for position in range(len(g)):
            junk = g_ids[position] == -1
            seen_here = g_ids[position] == identity and g_cams[position] == camera
            if not junk and not seen_here:
                scored.append((-float(embedding @ g[position]), position, g_ids[position] == identity))
        scored.sort()
        precisions, hits, first, last = [], 0, -1, -1
        for rank, (_, _, match) in enumerate(scored):
            if match:
                hits += 1
                precisions.append(hits / (rank + 1))
                first, last = (rank if first < 0 else first), rank
        rows.append((np.mean(precisions), hits / (last + 1), first) if hits else (np.nan, np.nan, -1))
    return np.array(rows).T


def random_case(seed, *, queries=40, gallery=300, dimensions=8, people=12, whole_numbers=False):
    """Gallery with junk and distractors. Whole-number embeddings make the similarities exact and full of ties."""
    random = np.random.default_rng(seed)

    def embeddings(count):
        if whole_numbers:
            return random.integers(-2, 3, (count, dimensions)).astype(np.float32)
        vectors = random.normal(size=(count, dimensions)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return (
        embeddings(queries),
        random.integers(1, people + 3, queries),
        random.integers(1, 4, queries),
        embeddings(gallery),
        random.integers(-1, people + 1, gallery),
        random.integers(1, 4, gallery),
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("whole_numbers", [False, True])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_agrees_with_the_reference(seed, whole_numbers, block):
    case = random_case(seed, whole_numbers=whole_numbers)
    result = evaluate_ranking(*case, block=block)
    ap, inp, first = reference(*case)
    np.testing.assert_allclose(result.average_precision, ap)
    np.testing.assert_allclose(result.inverse_negative_penalty, inp)
    np.testing.assert_array_equal(result.first_match, first)
    found = first >= 0
    assert result.unmatched == (~found).sum() > 0, "the case must have queries without a match"
    assert result.mean_average_precision == pytest.approx(ap[found].mean())
    for k in (1, 5, 10):
        assert result.rank(k) == pytest.approx((first[found] < k).mean())


def test_agrees_with_scikit_learn_where_no_two_are_alike():
    """Once the images that the protocol passes over are taken away, which scikit-learn knows nothing of."""
    q, q_ids, q_cams, g, g_ids, g_cams = random_case(3)
    found = evaluate_ranking(q, q_ids, q_cams, g, g_ids, g_cams).average_precision
    for row, (embedding, identity, camera) in enumerate(zip(q, q_ids, q_cams, strict=True)):
        kept = (g_ids != -1) & ((g_ids != identity) | (g_cams != camera))
        if (g_ids[kept] == identity).any():
            expected = average_precision_score(g_ids[kept] == identity, g[kept] @ embedding)
            assert found[row] == pytest.approx(expected)


def line(*similarities):
    """One-dimensional gallery whose similarity to the query [1] is what is written."""
    return np.array(similarities, np.float32)[:, None]


def evaluate_line(similarities, ids, cameras):
    return evaluate_ranking(
        np.ones((1, 1), np.float32), np.array([5]), np.array([1]), line(*similarities), np.array(ids), np.array(cameras)
    )


def test_by_hand():
    # match at rank 1, wrong, match at rank 3
    result = evaluate_line([0.9, 0.8, 0.7], [5, 6, 5], [2, 2, 3])
    assert result.mean_average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert result.summary() == {
        "mAP": pytest.approx(5 / 6),
        "rank1": 1.0,
        "rank5": 1.0,
        "rank10": 1.0,
        "mINP": pytest.approx(2 / 3),
        "queries": 1,
        "unmatched": 0,
        "gallery": 3,
    }


def test_negative_similarities_count():
    result = evaluate_line([-0.9, -0.2, -0.5], [6, 5, 5], [2, 2, 3])
    assert result.mean_average_precision == 1


def test_same_camera_is_passed_over_only_for_the_same_identity():
    own = evaluate_line([0.9, 0.5], [5, 5], [1, 2])
    assert (own.mean_average_precision, own.first_match[0]) == (1, 0)
    other = evaluate_line([0.9, 0.5], [6, 5], [1, 2])
    assert (other.mean_average_precision, other.first_match[0]) == (0.5, 1)


def test_junk_is_ignored_and_distractors_are_not():
    result = evaluate_line([0.9, 0.8, 0.5], [-1, 0, 5], [2, 2, 2])
    assert (result.mean_average_precision, result.first_match[0], result.gallery) == (0.5, 1, 2)


def test_equal_similarities_rank_in_gallery_order():
    assert evaluate_line([0.5, 0.5, 0.5], [5, 6, 7], [2, 2, 2]).first_match[0] == 0
    assert evaluate_line([0.5, 0.5, 0.5], [6, 7, 5], [2, 2, 2]).first_match[0] == 2
    junk_and_own_camera_do_not_count = evaluate_line([0.5, 0.5, 0.5, 0.5], [-1, 5, 6, 5], [2, 1, 2, 2])
    assert junk_and_own_camera_do_not_count.first_match[0] == 1


def test_rank_k_beyond_the_first():
    ids = [6] * 7 + [5]
    result = evaluate_line(np.linspace(1, 0.1, 8), ids, [2] * 8)
    assert (result.rank(1), result.rank(5), result.rank(7), result.rank(8), result.rank(10)) == (0, 0, 0, 1, 1)


def test_nothing_to_find_is_an_error():
    with pytest.raises(DatasetError, match="none of 1 queries"):
        evaluate_line([0.9, 0.8], [5, 6], [1, 2])


def test_wrong_input():
    case = list(random_case(0))
    with pytest.raises(ValueError, match="39 identities"):
        evaluate_ranking(case[0], case[1][:-1], *case[2:])
    case[3] = case[3].copy()
    case[3][4, 2] = np.nan
    with pytest.raises(ValueError, match="finite"):
        evaluate_ranking(*case)


def test_best_matches_follow_the_protocol():
    gallery = line(0.1, 0.9, 0.8, 0.7, 0.6, 0.7)
    ids, cameras = np.array([5, -1, 5, 0, 6, 5]), np.array([2, 2, 1, 1, 1, 3])
    best = best_matches(np.ones(1, np.float32), 5, 1, gallery, ids, cameras, count=3)
    assert best.tolist() == [3, 5, 4]
    assert best_matches(np.ones(1, np.float32), 5, 1, gallery, ids, cameras, count=10).tolist() == [3, 5, 4, 0]


def test_best_matches_that_are_equal_come_in_gallery_order():
    gallery = line(*[0.5, 0.7] * 1000)
    ids, cameras = np.full(2000, 6), np.full(2000, 2)
    best = best_matches(np.ones(1, np.float32), 5, 1, gallery, ids, cameras, count=4)
    assert best.tolist() == [1, 3, 5, 7]
