"""Groups, draws and the two average precisions of the report's protocol, by hand."""

import numpy as np
import pytest

from surveil.evaluation.report_protocol import METHODS, draw_queries, evaluate_test, score


def at(*degrees):
    """(N, 2) unit vectors."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_what_lies_in_another_group_was_missed():
    """The nearest group holds a right image, then a wrong one; the other right image opens the next group."""
    gallery, ids, groups = at(0, 10, 60, 80), np.array([1, 2, 1, 2]), np.array([7, 7, 3, 3])
    alone, ranked = score(at(0), np.array([1]), gallery, ids, groups)
    assert alone == pytest.approx(1 / 2)
    assert ranked == pytest.approx((1 + 2 / 3) / 2)


def test_a_query_nearest_to_the_wrong_group_scores_nothing_alone():
    alone, ranked = score(at(0), np.array([1]), at(5, 90, 100), np.array([2, 1, 1]), np.array([0, 1, 1]))
    assert (alone, ranked) == (0, pytest.approx((1 / 2 + 2 / 3) / 2))


@pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
def test_a_gallery_of_one_image_is_one_group(method):
    assert method(at(30), 1, 0).tolist() == [0]


@pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
def test_people_who_lie_apart_are_groups(method):
    ids = np.repeat([0, 1, 2], 8)
    groups = method(at(*(120 * ids + np.tile(np.arange(8), 3))), 3, 0)
    assert len(np.unique(groups)) == 3
    assert len(np.unique(np.stack([groups, ids]), axis=1).T) == 3


def test_every_draw_asks_once_for_who_has_more_than_one_image():
    ids = np.array([4, 4, 5, 6, 6, 6])
    draws = list(draw_queries(ids, 20, seed=0))
    assert all(ids[queries].tolist() == [4, 6] for queries in draws)
    assert len({tuple(queries) for queries in draws}) > 1


def test_the_test_folder_has_a_group_more_for_junk_and_distractors():
    gallery, ids = at(0, 2, 120, 122, 240, 242), np.array([1, 1, 2, 2, 0, -1])
    for row in evaluate_test({"all": at(1, 121)}, np.array([1, 2]), {"all": gallery}, ids):
        assert (row.mean_average_precision, row.people, row.gallery) == (1, 2, 6)
