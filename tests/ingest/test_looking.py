"""The detector is asked about what is new; about what is still only until two looks agree."""

import numpy as np
import pytest

from surveil.ingest.looking import Looking
from surveil.types import Detections, Frame

STANDING, ALSO = [10.0, 20, 40, 100], [200.0, 20, 240, 110]


class Scripted:
    """A detector that finds what it is told to, one answer a picture."""

    def __init__(self, *answers):
        self.answers, self.batches = list(answers), []

    def detect(self, images):
        self.batches.append(len(images))
        return [people(self.answers.pop(0)) for _ in images]


def people(boxes):
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))


def frames(marks):
    """A frame a second: "n" is a new one, "s" a still one."""
    image = np.zeros((8, 8, 3), np.uint8)
    return [Frame(number, float(number), image, is_still=mark == "s") for number, mark in enumerate(marks)]


def people_in(looking, marks):
    return [people for _, found in looking.look([frames(marks)]) for people in found]


def look(marks, *answers):
    """How many people were found in each frame, and how many pictures the detector was given at a time."""
    detector = Scripted(*answers)
    found = people_in(Looking(detector.detect), marks)
    assert not detector.answers, "all were asked for"
    return [len(each) for each in found], detector.batches


def test_new_frames_are_given_to_the_detector_together():
    assert look("nnn", [], [STANDING], [STANDING, ALSO]) == ([0, 1, 2], [3])


def test_nobody_is_believed_at_once():
    assert look("nssss", []) == ([0, 0, 0, 0, 0], [1])


def test_somebody_is_believed_when_two_looks_agree():
    assert look("nssss", [STANDING], [STANDING]) == ([1, 1, 1, 1, 1], [1, 1])
    assert look("nnsss", [STANDING], [STANDING]) == ([1, 1, 1, 1, 1], [2])


@pytest.mark.parametrize("other", [[], [ALSO], [STANDING, ALSO]])
def test_looks_that_differ_are_repeated(other):
    answers = [STANDING], other, [STANDING], [STANDING]
    assert look("nssss", *answers) == ([1, len(other), 1, 1, 1], [1, 1, 1, 1])


def test_a_still_frame_shows_what_the_last_look_found():
    detector = Scripted([STANDING], [STANDING], [ALSO], [ALSO])
    found = people_in(Looking(detector.detect), "nnsnns")
    assert [each.boxes.tolist() for each in found] == [[STANDING]] * 3 + [[ALSO]] * 3


def test_it_goes_on_where_another_stood():
    for marks in ("nss", "nns", "n"):
        before, after = Looking(Scripted(*[[STANDING]] * 3).detect), Scripted(*[[STANDING]] * 3)
        people_in(before, marks)
        other = Looking(after.detect)
        other.restore(before.state())
        assert [len(each) for each in people_in(other, "sss")] == [1, 1, 1]
        assert after.batches == ([1] if marks == "n" else [])
