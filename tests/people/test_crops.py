import cv2
import numpy as np
import pytest

from surveil.people.crops import MARGIN, crop_qualities, cut, picture_quality, visibilities
from surveil.types import Detections

SCENE = np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8)
MIDDLE = (250, 100, 330, 300)


def boxes(*values):
    return np.array(values, np.float32).reshape(-1, 4)


def quality(box, *others, image=SCENE, score=1.0):
    """The quality of the first of these people."""
    all_boxes = boxes(box, *others)
    return crop_qualities(image, Detections(all_boxes, np.full(len(all_boxes), score, np.float32)))[0]


def test_a_crop_shows_the_box_and_a_margin():
    crop = cut(SCENE, boxes(MIDDLE)[0])
    aside, above = round(80 * MARGIN), round(200 * MARGIN)
    np.testing.assert_array_equal(crop, SCENE[100 - above : 300 + above, 250 - aside : 330 + aside])


@pytest.mark.parametrize(
    "box", [(-20, -20, 40, 80), (580, 380, 640, 500), (10, 10, 10, 10), (700, 500, 800, 600), (-9, -9, -5, -5)]
)
def test_a_crop_at_the_border_is_inside_the_picture_and_not_empty(box):
    crop = cut(SCENE, boxes(box)[0])
    assert min(crop.shape[:2]) >= 1


def test_nobody_has_no_quality():
    assert crop_qualities(SCENE, Detections.none()).shape == (0,)


def test_qualities_are_between_0_and_1():
    random = np.random.default_rng(1)
    corners = random.uniform(-50, 600, (50, 2))
    people = boxes(*np.hstack([corners, corners + random.uniform(1, 200, (50, 2))]))
    found = crop_qualities(SCENE, Detections(people, random.random(50).astype(np.float32)))
    assert found.dtype == np.float32
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_larger_is_better_up_to_what_the_model_sees():
    small, full, huge = (quality((250, 100, 250 + height // 2, 100 + height)) for height in (40, 130, 250))
    assert small < 0.5 * full
    assert huge > 0.9 * full


def test_sharper_is_better():
    blurred = [cv2.GaussianBlur(SCENE, (0, 0), sigma) for sigma in (1, 3, 6)]
    qualities = [quality(MIDDLE, image=image) for image in (SCENE, *blurred)]
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[-1] < 0.2 * qualities[0]


def test_an_even_picture_is_worth_nothing():
    assert picture_quality(np.full((128, 64, 3), 90, np.uint8)) == 0


def test_being_hidden_costs_more_than_hiding():
    alone = quality(MIDDLE)
    hidden = quality(MIDDLE, (250, 200, 330, 320))
    hides = quality(MIDDLE, (250, 80, 330, 200))
    assert hidden < hides < alone
    assert quality(MIDDLE, (400, 100, 480, 300)) == alone


def test_visibility_is_what_the_others_leave():
    whole, half_hidden, behind = (0, 0, 10, 20), (5, 0, 15, 20), (0, -10, 10, 10)
    np.testing.assert_allclose(visibilities(boxes(whole, (20, 0, 30, 20))), [1, 1])
    np.testing.assert_allclose(visibilities(boxes(whole, half_hidden))[0], 0.5)
    np.testing.assert_allclose(visibilities(boxes(whole, behind)), [0.75, 0.5])
    np.testing.assert_allclose(visibilities(boxes(whole, (-5, -5, 50, 50)))[0], 0)


def test_the_frames_border_halves_the_quality():
    inside, at_left, in_corner = (quality(box) for box in ((20, 20, 100, 220), (0, 20, 80, 220), (0, 0, 80, 200)))
    assert at_left == pytest.approx(0.5 * inside, rel=0.1)
    assert in_corner == pytest.approx(0.25 * inside, rel=0.1)


def test_the_score_counts():
    assert quality(MIDDLE, score=0.5) == pytest.approx(0.5 * quality(MIDDLE))
