import numpy as np
import pytest

from surveil.boxes import box_intersection, box_iou


def boxes(*values):
    return np.array(values, np.float32).reshape(-1, 4)


def test_a_half_shifted_square_shares_a_third():
    others = boxes((5, 0, 15, 10), (0, 0, 10, 10), (20, 20, 30, 30))
    assert box_iou(boxes((0, 0, 10, 10)), others) == pytest.approx(np.array([[1 / 3, 1, 0]]))
    assert box_intersection(boxes((0, 0, 10, 10)), others).tolist() == [[50, 100, 0]]


def test_touching_and_empty_boxes_share_nothing():
    assert box_iou(boxes((0, 0, 10, 10), (3, 3, 3, 3)), boxes((10, 0, 20, 10))).tolist() == [[0], [0]]


def test_no_boxes():
    assert box_iou(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)


def test_it_is_what_torchvision_computes():
    ops, torch = pytest.importorskip("torchvision.ops"), pytest.importorskip("torch")
    corners = np.random.default_rng(0).uniform(0, 100, (2, 30, 2, 2)).astype(np.float32)
    first, second = np.sort(corners, axis=2).reshape(2, 30, 4)
    expected = ops.box_iou(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    np.testing.assert_allclose(box_iou(first, second), expected, atol=1e-6)
