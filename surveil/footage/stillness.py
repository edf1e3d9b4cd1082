"""Whether a picture shows, down to small parts, what another one showed: who was found in that is still here then."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_WIDTH = 480
"""Cells across at most: 2 pixels wide in a picture of 768, 4 in one of 1920, which the detector sees at 960."""
WINDOW = 3, 5
"""Cells, across and down, whose mean must not change. The detector finds nobody who is smaller."""
SURROUNDINGS = 65
"""Cells across of the surroundings, whose change is taken off: that is light, in which shadows of clouds have edges."""
LEAST_CHANGE = 6.0
"""Grey levels by which a window's mean may change: where nothing moves in real footage the most is 2.8 to 4.7; where a
person came whom the detector finds it is at least 25, mostly over 60."""
NOISE = 8.0
"""Times the typical change of a window by which one may change, where a camera's noise is strong. Of 30,000 independent
windows the largest change is 7 times the typical one; compression makes more of it."""


def cells_of(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture (H, W) as means of small squares, of a pixel at least."""
    side = -(-luma.shape[1] // MAX_WIDTH)
    height, width = (max(1, length // side) for length in luma.shape)
    return cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def is_still(cells: NDArray[np.uint8], reference: NDArray[np.uint8]) -> bool:
    """Whether not even a small part has changed, apart from noise, and from light that changes over large parts."""
    if cells.shape != reference.shape:
        return False
    change = cells.astype(np.float32) - reference
    light = cv2.blur(change, (SURROUNDINGS, SURROUNDINGS))
    across, down = WINDOW[0] // 2, WINDOW[1] // 2
    windows = np.abs(cv2.blur(change - light, WINDOW))[down:-down, across:-across]  # those that are inside as a whole
    if not windows.size:
        return False
    most = windows.max()
    return bool(most <= LEAST_CHANGE or most <= NOISE * np.median(windows))  # a median takes longer than all the rest
