"""Matching of boxes, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from surveil.evaluation.metrics.detection import DetectionScore, match, score
from surveil.types import Detections


def boxes(*values):
    return np.array(values, np.float32).reshape(-1, 4)


def detections(*values):
    return Detections(boxes(*[value[:4] for value in values]), np.array([value[4] for value in values], np.float32))


def test_the_best_score_matches_first_and_a_box_is_found_once():
    there = boxes((0, 0, 10, 10))
    found = detections((0, 0, 10, 9, 0.5), (0, 0, 10, 8, 0.9))
    assert match(found, there).tolist() == [-1, 0]
    assert score(found, there) == DetectionScore(matched=1, missed=0, false=1)


def test_a_detection_takes_the_box_that_it_overlaps_most():
    there = boxes((0, 0, 10, 10), (2, 0, 12, 10))
    assert match(detections((2, 0, 12, 10, 0.9), (0, 0, 10, 10, 0.8)), there).tolist() == [1, 0]


def test_too_little_overlap_is_both_a_miss_and_a_false_detection():
    there = boxes((0, 0, 10, 10))
    found = detections((4, 0, 14, 10, 0.9))  # 6/14
    assert score(found, there) == DetectionScore(0, 1, 1)
    assert score(found, there, iou=0.4) == DetectionScore(1, 0, 0)


@pytest.mark.parametrize(("ignore", "false"), [((0, 0, 20, 20), 0), ((0, 0, 4, 10), 1)])
def test_an_unmatched_detection_counts_for_nothing_where_half_of_it_is_to_be_ignored(ignore, false):
    assert score(detections((0, 0, 10, 10, 0.9)), boxes(), boxes(ignore)) == DetectionScore(0, 0, false)


def test_a_person_inside_a_region_to_ignore_still_counts():
    there = boxes((0, 0, 10, 10))
    assert score(Detections.none(), there, boxes((0, 0, 20, 20))) == DetectionScore(0, 1, 0)


def test_nobody_there_and_nobody_found():
    nothing = score(Detections.none(), boxes())
    assert nothing == DetectionScore()
    assert np.isnan(nothing.recall)
    assert np.isnan(nothing.precision)


def test_scores_of_parts_add_up():
    total = DetectionScore(3, 1, 0) + DetectionScore(0, 0, 1)
    assert (total.recall, total.precision) == (0.75, 0.75)
