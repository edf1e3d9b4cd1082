"""The Kalman filter against ultralytics', which computes with whole matrices, box by box."""

import numpy as np
import pytest

from surveil.people.motion import KalmanFilter, boxes_of

kalman_filter = pytest.importorskip("ultralytics.trackers.utils.kalman_filter")


def boxes(random, count=20):
    corners = random.uniform(-50, 800, (count, 2))
    return np.hstack([corners, corners + random.uniform(10, 300, (count, 2))])


def as_xyah(box):
    x1, y1, x2, y2 = box
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / (y2 - y1), y2 - y1])


def as_matrix(motion):
    """The 8 x 8 covariance."""
    _, _, variance, covariance, speed_variance = map(np.diag, motion)
    return np.block([[variance, covariance], [covariance, speed_variance]])


@pytest.mark.parametrize("speed_noise", [1 / 160, 3 / 160])
def test_it_says_what_whole_matrices_say(speed_noise):
    random = np.random.default_rng(0)
    ours, theirs = KalmanFilter(speed_noise), kalman_filter.KalmanFilterXYAH()
    theirs._std_weight_velocity = speed_noise
    found = boxes(random)
    motions, expected = ours.begin(found), [theirs.initiate(as_xyah(box)) for box in found]
    for step in range(40):
        motions, expected = ours.predict(motions), [theirs.predict(*one) for one in expected]
        if step % 3:
            found = found + random.normal(0, 5, found.shape)
            motions = ours.correct(motions, found)
            expected = [theirs.update(*one, as_xyah(box)) for one, box in zip(expected, found, strict=True)]
        for motion, (mean, covariance) in zip(motions, expected, strict=True):
            np.testing.assert_allclose(motion[:2].ravel(), mean, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(as_matrix(motion), covariance, rtol=1e-9, atol=1e-12)


def test_a_box_alone_is_computed_as_in_company_bit_for_bit():
    random = np.random.default_rng(1)
    first, second = boxes(random), boxes(random)
    ours = KalmanFilter()

    def follow(chosen):
        return ours.correct(ours.predict(ours.begin(first[chosen])), second[chosen])

    together = follow(slice(None))
    for number in range(len(first)):
        assert follow(slice(number, number + 1)).tobytes() == together[number].tobytes()


def test_a_box_that_begins_is_where_it_was_found():
    found = boxes(np.random.default_rng(2))
    np.testing.assert_allclose(boxes_of(KalmanFilter().begin(found)), found, rtol=1e-6)
