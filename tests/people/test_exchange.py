"""Steps from a frame to the next at which people cannot have been exchanged."""

import numpy as np

from surveil.people.exchange import clear_steps


def boxes(*lefts):
    return np.array([[left, 0, left + 50, 150] for left in lefts], np.float32).reshape(-1, 4)


def test_people_apart_are_clear_wherever_they_go():
    assert clear_steps(boxes(0, 500), boxes(10, 520), 0.25).diagonal().all()


def test_two_who_overlap_are_not_clear_and_a_third_apart_is():
    clear = clear_steps(boxes(0, 20, 500), boxes(10, 30, 510), 0.25)
    assert clear.diagonal().tolist() == [False, False, True]


def test_one_who_stands_where_another_was_is_not_clear_though_that_one_is_gone():
    assert not clear_steps(boxes(0, 20), boxes(10), 0.25).any()
    assert not clear_steps(boxes(0), boxes(10, 30), 0.25).any()


def test_nobody():
    assert clear_steps(boxes(), boxes(10), 0.25).shape == (0, 1)
    assert clear_steps(boxes(10), boxes(), 0.25).shape == (1, 0)
