import numpy as np
import pytest

from surveil.evidence.redact import BLOCKS, NEIGHBOURS, box_at, pixelated, redacted
from surveil.types import Detections, Frame

PERSON, OTHER = np.array([50, 50, 90, 150], np.float32), np.array([150, 50, 190, 150], np.float32)
CHOSEN = np.array([[0, *PERSON, 1], [10, *PERSON, 1]], np.float32)


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (200, 300, 3)).astype(np.uint8)


def test_nothing_is_left_of_a_box_but_a_few_colours(picture):
    covered = pixelated(picture, OTHER[None])
    inside = covered[50:150, 150:190].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) <= BLOCKS[0] * BLOCKS[1]
    assert np.array_equal(covered[:, :130], picture[:, :130])
    other = picture.copy()
    other[60:65, 160:165] = 255 - other[60:65, 160:165].mean()
    assert np.ptp(covered.astype(int) - pixelated(other, OTHER[None])) < 200
    assert np.array_equal(pixelated(picture, np.zeros((0, 4), np.float32)), picture)
    pixelated(picture, np.array([[-50, -50, 500, 500], [290, 190, 400, 400], [5, 5, 5, 5]], np.float32))


def frames(picture, count=12):
    return [Frame(i, float(i), picture) for i in range(count)]


def covers(frame, box, picture):
    x1, y1, x2, y2 = box.astype(int)
    return not np.array_equal(frame.image[y1:y2, x1:x2], picture[y1:y2, x1:x2])


def test_everybody_but_the_chosen_is_covered_also_where_a_detection_is_missed(picture):
    found = iter(range(100))

    def detect(image):
        boxes = [PERSON, OTHER] if next(found) != 6 else [PERSON]
        return Detections(np.array(boxes, np.float32), np.ones(len(boxes), np.float32))

    shown = list(redacted(frames(picture), detect, CHOSEN))
    assert [frame.seconds for frame in shown] == [float(i) for i in range(12)]
    for frame in shown[:8]:
        assert covers(frame, OTHER, picture)
        assert not covers(frame, PERSON, picture)


def test_without_a_chosen_one_everybody_is_covered(picture):
    both = Detections(np.array([PERSON, OTHER]), np.ones(2, np.float32))
    for chosen in (None, CHOSEN[:0]):
        for frame in redacted(frames(picture, 3), lambda image: both, chosen):
            assert covers(frame, PERSON, picture)
            assert covers(frame, OTHER, picture)
    late = list(redacted(frames(picture, 20), lambda image: both, CHOSEN))
    assert all(covers(frame, PERSON, picture) for frame in late[11 + NEIGHBOURS :]), "she was last seen at 10 s"


def test_of_people_who_overlap_the_others_are_covered(picture):
    near = PERSON + np.array([25, 0, 25, 0], np.float32)
    both = Detections(np.array([near, PERSON]), np.ones(2, np.float32))
    [frame] = redacted(frames(picture, 1), lambda image: both, CHOSEN)
    assert covers(frame, near, picture)
    left = np.array([50, 50, 65, 150], np.float32)
    assert not covers(frame, left, picture)


def test_the_chosen_one_is_between_her_detections():
    path = np.array([[0, 0, 0, 10, 10, 1], [2, 20, 0, 30, 10, 1]], np.float32)
    assert box_at(path, 1.0).tolist() == [10, 0, 20, 10]
    assert box_at(path, 3.0) is None
    assert box_at(None, 1.0) is None
