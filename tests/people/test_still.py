import numpy as np

from surveil.people.still import SECONDS, never_moves
from surveil.types import Track

CHAIR = np.array([100, 50, 140, 150], np.float32)
FPS = 5


def track(boxes):
    return Track(np.arange(len(boxes)) / FPS, np.array(boxes, np.float32), np.ones(len(boxes), np.float32), ())


def test_boxes_that_only_tremble_never_move():
    trembling = CHAIR + np.random.default_rng(0).normal(0, 1, (200, 4))
    assert never_moves(track(trembling))


def test_for_a_moment_everybody_stands_still():
    assert not never_moves(track([CHAIR] * int(SECONDS * FPS)))
    assert never_moves(track([CHAIR] * int(SECONDS * FPS + 1)))


def test_a_walker_moves():
    assert not never_moves(track([CHAIR + np.array([1, 0, 1, 0]) * 3 * step for step in range(50)]))


def test_who_comes_nearer_moves():
    assert not never_moves(track([CHAIR + np.array([-0.4, -0.5, 0.4, 0.5]) * step for step in range(50)]))


def test_who_stands_shifts_her_weight():
    sway = 12 * np.sin(np.arange(70) / 10)[:, None] * np.array([1, 0, 1, 0])
    assert not never_moves(track(CHAIR + sway))


def test_who_leaves_after_a_long_wait_moved():
    assert not never_moves(track([CHAIR] * 500 + [CHAIR + np.array([10, 0, 10, 0]) * step for step in range(4)]))


def test_a_thing_whose_feet_somebody_hides_for_a_moment_never_moves():
    hidden = CHAIR - np.array([0, 0, 0, 19])
    assert never_moves(track([CHAIR] * 50 + [hidden] * 2 + [CHAIR] * 50))


def test_the_height_decides_what_a_move_is():
    steps = 0.05 * np.arange(30)[:, None] * np.array([1, 0, 1, 0])
    far = np.array([0, 0, 4, 10], np.float32)
    assert never_moves(track(10 * far + steps))
    assert not never_moves(track(far + 2 * steps))
