"""Arithmetic of boxes: (N, 4) as x1, y1, x2, y2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats


def box_iou(first: Floats, second: Floats) -> NDArray[np.float32]:
    """Intersection over union of every box of `first` (N, 4) with every box of `second` (M, 4): (N, M)."""
    areas = [(boxes[:, 2:] - boxes[:, :2]).clip(0).prod(-1) for boxes in (first, second)]
    shared = box_intersection(first, second)
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9), np.float32)


def box_intersection(first: Floats, second: Floats) -> NDArray[np.float32]:
    """Area that every box of `first` (N, 4) shares with every box of `second` (M, 4): (N, M)."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.asarray((bottom_right - top_left).clip(0).prod(-1), np.float32)
