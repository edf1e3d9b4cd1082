"""What is written in NumPy against what ultralytics does with PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from ultralytics.data.augment import LetterBox
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes

from surveil.boxes import box_iou
from surveil.people.checkpoint import ARCHITECTURES, STRIDES
from surveil.people.network import build_detection_network, strides_of
from surveil.people.predictions import NMS_IOU, PredictionDecoder, scale, suppress, unscale

SIDES = st.integers(20, 400)


def made_up(seed, classes, n=300):
    """(4 + classes, n) predictions as centre, width and height, many of them overlapping."""
    rng = np.random.default_rng(seed)
    centres, sizes = rng.uniform(0, 200, (2, n)), rng.uniform(10, 90, (2, n))
    return np.concatenate([centres, sizes, rng.random((classes, n)) ** 2]).astype(np.float32)


@pytest.mark.parametrize("classes", [(0,), (1,), (0, 2)])
@pytest.mark.parametrize("seed", range(5))
def test_people_are_those_of_ultralytics_suppression(seed, classes):
    said = made_up(seed, 3)
    [expected] = non_max_suppression(torch.from_numpy(said[None]), 0.25, 0.5, classes=list(classes), agnostic=True)
    found = PredictionDecoder(classes, 3, None).people(said, (256, 256), 0.25)
    assert len(found) == len(expected) > 10
    np.testing.assert_allclose(found.boxes, expected[:, :4], atol=1e-4)
    np.testing.assert_array_equal(found.scores, expected[:, 4])


def test_what_needs_no_suppression_is_only_chosen_from():
    rows = np.array(
        [[0, 0, 9, 9, 0.9, 0], [0, 0, 9, 9, 0.8, 1], [0, 0, 9, 9, 0.7, 0], [1, 1, 2, 2, 0.2, 0]], np.float32
    )
    found = PredictionDecoder((0,), 2, None).people(rows, (32, 32), 0.25)
    np.testing.assert_array_equal(found.scores, np.float32([0.9, 0.7]))


def test_distances_are_counted_in_cells_from_the_middle_of_a_cell():
    """One likely anchor a level, in the second column of its first row."""
    per_level = [(64 // stride) * (96 // stride) for stride in STRIDES]
    said = np.zeros((5, sum(per_level)), np.float32)
    for level, first in enumerate(np.cumsum([0, *per_level[:-1]])):
        said[:, first + 1] = [0.5, 0.25, 1, 2, 0.9 - level / 10]
    found = PredictionDecoder((0,), 1, STRIDES).people(said, (64, 96), 0.25)
    expected = [[stride * 1, stride * 0.25, stride * 2.5, stride * 2.5] for stride in STRIDES]
    np.testing.assert_allclose(found.boxes, expected)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_strides_are_those_of_every_architecture(architecture):
    assert strides_of(build_detection_network(architecture, 1)) == STRIDES


@settings(deadline=None, max_examples=50)
@given(SIDES, SIDES, st.sampled_from([320, 640]), st.integers(0, 9))
def test_pictures_are_scaled_and_boxes_brought_back_as_ultralytics_does(height, width, side, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    scaled = scale(image, side)
    np.testing.assert_array_equal(scaled, LetterBox(side, auto=True, stride=32)(image=image))
    boxes = rng.uniform(-20, side + 20, (5, 4)).astype(np.float32)
    ratio = min(scaled.shape[0] / height, scaled.shape[1] / width)
    assume(ratio == side / max(height, width))  # else ultralytics takes that of the shorter side, rounded
    expected = scale_boxes(scaled.shape[:2], boxes.copy(), (height, width))
    np.testing.assert_allclose(unscale(boxes, (height, width), side), expected, atol=1e-3)


@given(SIDES, SIDES, st.integers(64, 900), st.integers(0, 9))
def test_boxes_come_back_where_they_were(height, width, side, seed):
    corners = np.random.default_rng(seed).random((5, 4)) * [width, height, width, height]
    size = [max(round(length * side / max(height, width)), 1) for length in (width, height)]
    there = corners * np.tile(np.divide(size, [width, height]), 2) + np.tile(
        [(-length % 32) // 2 for length in size], 2
    )
    np.testing.assert_allclose(unscale(there.astype(np.float32), (height, width), side), corners, atol=1e-3)


@given(SIDES, SIDES, st.integers(64, 900))
def test_every_side_is_a_multiple_of_the_stride_and_no_more_than_needed(height, width, side):
    scaled = scale(np.zeros((height, width, 3), np.uint8), side)
    assert scaled.shape[0] % 32 == scaled.shape[1] % 32 == 0
    assert side <= max(scaled.shape) < side + 32


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 30), st.just(4)), elements=st.floats(0, 50, width=16)))
def test_of_boxes_that_overlap_the_best_is_left(made):
    boxes = np.concatenate([made[:, :2], made[:, :2] + made[:, 2:] + 1], axis=1)
    scores = np.linspace(1, 0.1, len(boxes), dtype=np.float32)
    kept = suppress(boxes, scores)
    assert kept == sorted(kept)
    overlap = box_iou(boxes, boxes)
    for number in range(len(boxes)):
        better = [other for other in kept if other < number and overlap[number, other] > NMS_IOU + 1e-4]
        assert (number in kept) is not bool(better) or abs(overlap[number, kept] - NMS_IOU).min() < 1e-4
