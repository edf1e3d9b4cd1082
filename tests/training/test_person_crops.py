import numpy as np

from training.detector_sets import LabelledPicture
from training.person_crops import MIN_HEIGHT, SHARPNESS, nobody_in, people_in, shows_nobody

PERSON = np.array([[100, 100, 140, 200]], np.float32)
NONE = np.zeros((0, 4), np.float32)


def picture(boxes=PERSON, ignore=NONE):
    """Grey, but for people, who are red."""
    image = np.full((300, 300, 3), 128, np.uint8)
    for x1, y1, x2, y2 in boxes.astype(int):
        image[y1:y2, x1:x2] = (0, 0, 255)
    return LabelledPicture(image, boxes, ignore)


def boxes(*rows):
    return np.array(rows, np.float32)


def test_boxes_that_show_less_than_half_of_a_person_show_nobody():
    beside, a_third, most, all_of_her = [200, 100, 240, 200], [126, 100, 166, 200], [110, 100, 150, 200], PERSON[0]
    found = shows_nobody(boxes(beside, a_third, most, all_of_her), picture())
    assert found.tolist() == [True, True, False, False]


def test_a_close_look_at_a_person_is_left_out():
    assert not shows_nobody(boxes([110, 120, 130, 150]), picture()).any()


def test_what_may_be_a_person_is_left_out():
    doubtful = boxes([200, 100, 240, 200])
    assert not shows_nobody(boxes([205, 110, 245, 210]), picture(ignore=doubtful)).any()


def test_people_are_shown_whole_and_seated():
    crops = people_in(picture(), np.random.default_rng(0))
    assert len(crops) == 2
    for crop in crops:
        assert MIN_HEIGHT <= crop.shape[0] <= SHARPNESS[1]
        assert (crop[..., 2] > crop[..., 0] + 50).mean() > 0.7, "it is full of red"


def test_crops_of_nobody_show_nobody_or_little_of_somebody():
    rng = np.random.default_rng(0)
    crops = nobody_in(picture(), rng, anywhere=200)
    assert len(crops) > 100
    red = [(crop[..., 2] > crop[..., 0] + 50).mean() for crop in crops]
    assert 0 < max(red) < 0.6


def test_of_an_empty_picture_all_boxes_show_nobody():
    empty = picture(boxes=NONE)
    assert empty.is_empty
    assert people_in(empty, np.random.default_rng(0)) == []
    assert len(nobody_in(empty, np.random.default_rng(0), anywhere=20)) == 20
