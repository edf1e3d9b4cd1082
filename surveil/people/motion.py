"""How boxes move: the Kalman filter of DeepSORT and ByteTrack, of many boxes at once.

It follows the centre (x, y) of a box, its aspect ratio (width by height) and its height, in pixels, each with a speed
per step that stays what it is but for noise (Wojke et al., "Simple online and realtime tracking with a deep association
metric", 2017). Each of the four is measured, moves and is disturbed by itself, so that the covariance matrix of 8 x 8
holds four of 2 x 2 and else zeros. Their three different numbers are all that is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats

Numbers = NDArray[np.float64]
Motions = NDArray[np.float64]
"""(N, 5, 4): of x, y, aspect ratio and height the mean, the mean of its speed, the variance of the one, the covariance
of both, and the variance of the speed."""

PLACE_NOISE = 1 / 20
"""Standard deviation of centre and height, in heights of the box: of each measurement, and of each step."""
SPEED_NOISE = 1 / 160
"""The same of their speeds, of each step."""
BEGIN_PLACE, BEGIN_SPEED = 2, 10
"""How many times less certain both are of a box that was seen once."""
ASPECT_MEASURED, ASPECT_PLACE, ASPECT_SPEED = 1e-1, 1e-2, 1e-5
"""Standard deviations of the aspect ratio: of a measurement; of a step, and of a first box; of its speed."""
IS_ASPECT = np.array([0.0, 0.0, 1.0, 0.0])
HEIGHT = 3


@dataclass(frozen=True, slots=True)
class KalmanFilter:
    """The motion model; what it says of a box depends on that box alone, bit for bit, in whatever company.

    Args:
        speed_noise: Standard deviation of the speeds of centre and height, in heights of the box, of each step.
    """

    speed_noise: float = SPEED_NOISE

    def begin(self, boxes: Numbers) -> Motions:
        """Of boxes (N, 4) that are seen for the first time: for all that is known they stand still."""
        place = _to_xyah(boxes)
        motions = np.zeros((len(boxes), 5, 4))
        motions[:, 0] = place
        motions[:, 2] = _variance(place, BEGIN_PLACE * PLACE_NOISE, ASPECT_PLACE)
        motions[:, 4] = _variance(place, BEGIN_SPEED * self.speed_noise, ASPECT_SPEED)
        return motions

    def predict(self, motions: Motions) -> Motions:
        """One step later."""
        place, speed, variance, covariance, speed_variance = motions.swapaxes(0, 1)
        later = motions.copy()
        later[:, 0] += speed
        later[:, 2] = variance + 2 * covariance + speed_variance + _variance(place, PLACE_NOISE, ASPECT_PLACE)
        later[:, 3] += speed_variance
        later[:, 4] += _variance(place, self.speed_noise, ASPECT_SPEED)
        return later

    def correct(self, motions: Motions, boxes: Numbers) -> Motions:
        """With the boxes (N, 4) at which they were found."""
        place, _, variance, covariance, _ = motions.swapaxes(0, 1)
        measured = variance + _variance(place, PLACE_NOISE, ASPECT_MEASURED)
        gain, speed_gain = variance / measured, covariance / measured
        surprise = _to_xyah(boxes) - place
        corrected = motions.copy()
        corrected[:, 0] += gain * surprise
        corrected[:, 1] += speed_gain * surprise
        corrected[:, 2] -= gain * variance
        corrected[:, 3] -= gain * covariance
        corrected[:, 4] -= speed_gain * covariance
        return corrected


def boxes_of(motions: Motions) -> Floats:
    """(N, 4) where the boxes most likely are, x1, y1, x2, y2; one that shrank for long may be inside out."""
    centres, halves = motions[:, 0, :2], motions[:, 0, 2:] / 2
    halves[:, 0] *= motions[:, 0, HEIGHT]
    return np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)


def _to_xyah(boxes: Numbers) -> Numbers:
    sizes = boxes[:, 2:] - boxes[:, :2]
    place = np.concatenate([boxes[:, :2] + sizes / 2, sizes], axis=1)
    place[:, 2] /= place[:, HEIGHT]
    return place


def _variance(place: Numbers, of_height: float, of_aspect: float) -> Numbers:
    """(N, 4) where the standard deviation of an aspect ratio is fixed, and the others are parts of the height."""
    deviation = of_height * (1 - IS_ASPECT) * place[:, HEIGHT:] + of_aspect * IS_ASPECT
    return np.square(deviation)
