import numpy as np
import pytest
import torch
from torchvision.ops import box_iou as reference_iou

from surveil.boxes import box_area, box_intersection, box_iou


def boxes(*values):
    return np.array(values, np.float32).reshape(-1, 4)


def test_the_iou_of_a_half_shifted_square_is_a_third():
    assert box_iou(boxes((0, 0, 10, 10)), boxes((5, 0, 15, 10), (0, 0, 10, 10), (20, 20, 30, 30))) == pytest.approx(
        np.array([[1 / 3, 1, 0]])
    )


def test_touching_and_empty_boxes_do_not_box_iou():
    assert box_iou(boxes((0, 0, 10, 10), (3, 3, 3, 3)), boxes((10, 0, 20, 10))).tolist() == [[0], [0]]


def test_many_boxes_have_the_ious_that_torchvision_gives():
    random = np.random.default_rng(0)
    corners = random.uniform(0, 100, (2, 40, 2))
    first, second = (np.hstack([c, c + random.uniform(1, 60, c.shape)]).astype(np.float32) for c in corners)
    np.testing.assert_allclose(
        box_iou(first, second), reference_iou(torch.from_numpy(first), torch.from_numpy(second)), atol=1e-6
    )


def test_areas_and_shared_areas_of_boxes_that_are_inside_out_are_nothing():
    inside_out = boxes((10, 10, 0, 20))
    assert box_area(inside_out).tolist() == [0]
    assert box_intersection(inside_out, boxes((0, 0, 30, 30))).tolist() == [[0]]
    assert box_iou(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)
