import numpy as np

from surveil.people.still import never_moves
from surveil.types import Track

CHAIR = np.array([100, 50, 140, 150], np.float32)


def track(boxes):
    return Track(np.arange(len(boxes)) / 5, np.array(boxes, np.float32), np.ones(len(boxes), np.float32), ())


def test_boxes_that_only_tremble_never_move():
    trembling = CHAIR + np.random.default_rng(0).normal(0, 2, (200, 4))
    assert never_moves(track(trembling))


def test_a_walker_moves():
    assert not never_moves(track([CHAIR + np.array([1, 0, 1, 0]) * 3 * step for step in range(20)]))


def test_who_comes_nearer_moves():
    assert not never_moves(track([CHAIR + np.array([-0.4, 0, 0.4, 1]) * 3 * step for step in range(20)]))


def test_who_leaves_after_a_long_wait_moved():
    assert not never_moves(track([CHAIR] * 500 + [CHAIR + np.array([10, 0, 10, 0]) * step for step in range(4)]))


def test_a_thing_that_others_hide_for_a_moment_never_moves():
    half = np.array([100, 50, 140, 100], np.float32)
    assert never_moves(track([CHAIR] * 50 + [half] * 2 + [CHAIR] * 50))


def test_the_height_decides_what_a_move_is():
    far = np.array([0, 0, 4, 10], np.float32)
    steps = np.arange(8)[:, None] * np.array([1, 0, 1, 0])
    assert not never_moves(track(far + steps))
    assert never_moves(track(10 * far + steps))
